import type { Board, BoardDevice, BoardLine, Counts } from '../api/days.ts';
import type { RecordFilter } from '../api/records.ts';

/** A phone that has not handed in its day, and whose it is. */
export interface MissingPhone {
  device: BoardDevice;
  person: string;
}

export const recordsIn = ({ visit, survey, lead }: Counts): number => visit + survey + lead;

export const isMissing = (line: BoardLine): boolean => line.devices.some((device) => device.absence != null);

/** Whether a phone listens: one that was cut off is asked for everything in each exchange anyway. */
export const mayBeReminded = ({ absence }: BoardDevice): boolean => absence != null && absence !== 'cut_off';

/** The phones for which whoever closes the day has to say why, in the order of the board. */
export function missingPhones(board: Board): MissingPhone[] {
  return board.people.flatMap((line) =>
    line.devices.filter((device) => device.absence != null).map((device) => ({ device, person: line.name })),
  );
}

export const COLUMNS = ['name', 'visit', 'survey', 'lead', 'flagged', 'late', 'exchange', 'unsent', 'skew'] as const;
export type Column = (typeof COLUMNS)[number];

export interface Order {
  by: Column;
  descending: boolean;
}

const NEVER = -1;

/** What a column is ordered by; nothing where somebody has no phone, which stands at the end either way. */
function rank(line: BoardLine, by: Exclude<Column, 'name'>): number | undefined {
  switch (by) {
    case 'late':
      return line.late;
    case 'exchange':
      // The phone that is longest away decides.
      return least(line.devices.map((device) => device.last_exchange_at ?? NEVER));
    case 'unsent':
      return line.devices.reduce((sum, { unsent }) => sum + unsent.changes + unsent.photos, 0);
    case 'skew':
      return most(line.devices.flatMap(({ skew_ms: skew }) => (skew == null ? [] : [Math.abs(skew)])));
    default:
      return line.counts[by];
  }
}

const least = (values: number[]) => (values.length === 0 ? undefined : Math.min(...values));
const most = (values: number[]) => (values.length === 0 ? undefined : Math.max(...values));

/** The lines in another order; those that are equal in it stay as they were. */
export function ordered(lines: BoardLine[], order: Order | undefined): BoardLine[] {
  if (!order) return lines;
  const { by } = order;
  const sign = order.descending ? -1 : 1;
  return [...lines].sort((a, b) => {
    if (by === 'name') return sign * a.name.localeCompare(b.name);
    const [one, other] = [rank(a, by), rank(b, by)];
    if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
    return sign * (one - other);
  });
}

/** A row of the table: a phone, or a person without one. A person with several phones stands in several rows. */
export interface Row {
  key: string;
  line: BoardLine;
  device?: BoardDevice;
  /** How many rows the person's own cells reach down; none in all rows but the first. */
  reach: number;
}

export function rowsOf(lines: BoardLine[]): Row[] {
  return lines.flatMap((line): Row[] => {
    if (line.devices.length === 0) return [{ key: line.person, line, reach: 1 }];
    return line.devices.map((device, at) => ({
      key: device.id,
      line,
      device,
      reach: at === 0 ? line.devices.length : 0,
    }));
  });
}

/** What the board counts of the records of a list that one of its numbers leads to; nothing for other lists. */
export function countedOn(board: Board, filter: RecordFilter): number | undefined {
  const { made_in, day, made_by, kind, flag, ...more } = filter;
  if (made_in !== board.office || day !== board.day || Object.keys(more).length > 0) return undefined;
  const counts = made_by === undefined ? board.total : board.people.find(({ person }) => person === made_by)?.counts;
  if (kind && !flag) return counts?.[kind];
  return flag === 'any' && !kind ? counts?.flagged : undefined;
}
