import { lazyPage } from "../shared/lazy-page.tsx";

/** The page of comparisons. */
export const LazyComparePage = lazyPage(async () => (await import("../pages/compare.tsx")).ComparePage);
