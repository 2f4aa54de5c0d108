/** The longest name that the server takes, in characters (server/src/service/organisation.rs). */
export const LONGEST_NAME = 100;

/** The hours at which an evening may begin (server/src/day/hours.rs). */
export const EVENING_HOURS = Array.from({ length: 12 }, (_, at) => at + 12);
