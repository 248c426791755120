/** ClickHouse functions that only compute with what they are given; in lower case. */
const AGGREGATES =
  "count sum avg min max any anylast argmin argmax uniq uniqexact uniqcombined quantile quantiles quantileexact quantiletdigest quantilestdigest median stddevpop stddevsamp varpop varsamp topk grouparray groupuniqarray corr sumwithoverflow quantiletiming quantilebfloat16";
const SUFFIXES = ["", "if", "merge", "mergeif", "ifmerge", "ifmergeif", "ornull", "ordefault", "distinct", "array"];
const SCALARS =
  "if multiif ifnull nullif coalesce assumenotnull isnull isnotnull least greatest abs round floor ceil sqrt exp log log2 log10 pow intdiv intdivorzero modulo divide plus minus multiply negate " +
  "tofloat64 tofloat32 toint8 toint16 toint32 toint64 touint8 touint16 touint32 touint64 tostring todecimal64 tofixedstring cast tofloat64ornull tofloat64orzero toint64ornull toint64orzero touint64ornull touint64orzero " +
  "todate todatetime todatetime64 tounixtimestamp tounixtimestamp64milli tounixtimestamp64micro tounixtimestamp64nano fromunixtimestamp64milli tostartofminute tostartofhour tostartofday tostartoffiveminutes tostartoffifteenminutes tostartofinterval tointervalsecond tointervalminute tointervalhour tointervalday datediff dateadd datesub now now64 today tohour todayofweek tominute " +
  "lower upper length empty notempty concat substring startswith endswith position like ilike match extract replaceone replaceall replaceregexpone replaceregexpall splitbychar arraystringconcat trim hex unhex format " +
  "has hasany hasall indexof arrayelement arrayjoin arraymap arrayfilter arrayexists arrayall arraysum arraymax arraymin arrayavg arraycount arraydistinct arraysort arrayconcat array tuple tupleelement map mapkeys mapvalues mapcontains " +
  "jsonextractstring jsonextractint jsonextractuint jsonextractfloat jsonextractbool jsonhas equals notequals less greater lessorequals greaterorequals and or not in isnan isfinite bitand bitor siphash64 cityhash64 " +
  "row_number rank dense_rank lag laginframe lead leadinframe first_value last_value";

/** What the API lets a query of one's own call. */
export const COMPUTING_FUNCTIONS: ReadonlySet<string> = new Set([
  ...AGGREGATES.split(" ").flatMap((name) => SUFFIXES.map((suffix) => name + suffix)),
  ...SCALARS.split(" "),
]);
