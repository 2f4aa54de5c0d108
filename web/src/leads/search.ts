import type { LeadFilter } from '../api/leads.ts';
import { readFilter } from '../records/search.ts';

/** What stands in the address of the page of leads. */
export function readLeadSearch(search: Record<string, unknown>): LeadFilter {
  const { office, project } = readFilter(search);
  return { ...(office !== undefined && { office }), ...(project !== undefined && { project }) };
}
