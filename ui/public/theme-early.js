// Runs before the first paint, so that a stored theme never flashes. A file of its own because the content
// security policy allows no inline script. models/theme.ts owns the key and the values.
try {
  const theme = localStorage.getItem("hopscope.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme holds.
}
