import { admin } from './admin.ts';
import type { Desk } from './desk.ts';
import { Handset } from './handset.ts';

/** At an office of the tests it is between six and seven in the evening, whenever they run. */
const EVENING_HOUR = 18;

/** The zone in which it is evening now. In the names of these zones hours east of Greenwich are negative. */
function zoneOfEvening(now: Date): string {
  const east = (EVENING_HOUR - now.getUTCHours() + 24) % 24;
  const hours = east > 12 ? east - 24 : east;
  return hours === 0 ? 'Etc/GMT' : `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`;
}

const promoter = async (team: string, name: string): Promise<string> =>
  (await admin('person', 'create', '--name', name, '--role', 'promoter', '--team', team)).id;

const dayAt = (zone: string, now: Date): string => new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(now);

/** An office of its own in the evening: one phone has handed in its day, two have never exchanged anything. */
export class Evening {
  private constructor(
    readonly office: string,
    /** What the office is called. */
    readonly name: string,
    readonly day: string,
    readonly zone: string,
    private readonly team: string,
    readonly secretary: { login: string; password: string },
    readonly phones: Record<'in' | 'first' | 'second', Handset>,
  ) {}

  static async come(name: string): Promise<Evening> {
    const now = new Date();
    const zone = zoneOfEvening(now);
    const { id: office } = await admin('office', 'create', '--name', name, '--time-zone', zone);
    const { id: team } = await admin('team', 'create', '--office', office, '--name', `${name}一队`);
    const login = `secretary.${office}`;
    const { password } = await admin<{ password: string }>(
      ...['person', 'create', '--name', `${name}秘书`, '--role', 'secretary', '--office', office, '--login', login],
    );
    const phones = {
      in: await Handset.enrol(await promoter(team, '周末'), '周末的手机', zone),
      first: await Handset.silent(await promoter(team, '吴静'), '吴静的手机', zone),
      second: await Handset.silent(await promoter(team, '郑好'), '郑好的手机', zone),
    };
    return new Evening(office, name, dayAt(zone, now), zone, team, { login, password }, phones);
  }

  /** One more promoter, whose phone has never exchanged anything. */
  async another(name: string): Promise<Handset> {
    return Handset.silent(await promoter(this.team, name), `${name}的手机`, this.zone);
  }

  /** The phones that are missing, as somebody sees them. */
  async missing(desk: Desk): Promise<string[]> {
    const board = await desk.ask<{ people: { devices: { id: string; absence: string | null }[] }[] }>(`/api/v1${this.board}`);
    return board.people.flatMap(({ devices }) => devices.filter(({ absence }) => absence !== null).map(({ id }) => id));
  }

  /** The address of its board. */
  get board(): string {
    return `/offices/${this.office}/days/${this.day}`;
  }

  async over(): Promise<void> {
    for (const phone of Object.values(this.phones)) await phone.away();
  }
}
