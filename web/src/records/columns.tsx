import { Link } from '@tanstack/react-router';
import type { TableColumnType } from 'antd';
import type { Directory } from '../api/directory.ts';
import { nameOf, type Line } from '../api/records.ts';
import { number, percent, term } from '../language/wording.ts';
import { FlagMarks, KindMark, ReviewMark } from '../words/marks.tsx';
import { Moment } from '../words/moment.tsx';

export const COLUMNS = [
  'title',
  'kind',
  'subtitle',
  'day',
  'captured',
  'owner',
  'office',
  'team',
  'project',
  'state',
  'stage',
  'completeness',
  'conflicts',
  'flags',
  'changes',
  'updated',
] as const;

export type Column = (typeof COLUMNS)[number];

/** Enough to know a record by, and to fit 1280 pixels. */
export const USUAL: Column[] = ['title', 'kind', 'subtitle', 'day', 'owner', 'office', 'state', 'stage', 'conflicts', 'flags'];

const REMEMBERED = 'daybook.columns';

/** The columns that this browser remembers; the title always stays, it leads to the record. */
export function rememberedColumns(): Column[] {
  const stored = localStorage.getItem(REMEMBERED)?.split(',') ?? [];
  const known = COLUMNS.filter((column) => stored.includes(column));
  return known.includes('title') ? known : USUAL;
}

export function rememberColumns(columns: Column[]): void {
  localStorage.setItem(REMEMBERED, columns.join(','));
}

/** How each column shows a record. */
export function columnsOf(
  chosen: Column[],
  directory: Directory,
  heading: (column: Column) => string,
): TableColumnType<Line>[] {
  const several = directory.offices.length > 1;
  const cells: Record<Column, Omit<TableColumnType<Line>, 'title'>> = {
    title: {
      width: 190,
      render: (_, line) => (
        <Link to="/records/$id" params={{ id: line.id }} className="row-link wrap">
          {nameOf(line)}
        </Link>
      ),
    },
    kind: { width: 84, render: (_, line) => <KindMark kind={line.kind} /> },
    // A tablet is too narrow for it beside what decides.
    subtitle: { width: 140, responsive: ['lg'], render: (_, line) => <span className="wrap">{line.subtitle}</span> },
    day: { width: 100, render: (_, line) => <span className="number">{line.day}</span> },
    captured: { width: 140, render: (_, line) => <Moment at={line.captured} zone={directory.zone(line.office)} /> },
    owner: { width: 96, className: 'short', render: (_, line) => directory.person(line.owner) },
    office: { width: 88, className: 'short', render: (_, line) => directory.office(line.office) },
    team: { width: 130, className: 'short', render: (_, line) => directory.team(line.team) },
    project: { width: 110, render: (_, line) => directory.project(line.project) },
    state: {
      width: 76,
      render: (_, line) => (
        <span title={line.review_reason ?? undefined}>
          <ReviewMark state={line.review} />
        </span>
      ),
    },
    stage: {
      width: 72,
      render: (_, line) => line.stage && <span className="mark mark-stage">{term('stage', line.stage)}</span>,
    },
    completeness: {
      width: 90,
      align: 'right',
      render: (_, line) => (line.completeness == null ? null : percent(line.completeness)),
    },
    conflicts: {
      width: 56,
      align: 'right',
      render: (_, line) =>
        line.conflicts > 0 && (
          <Link to="/records/$id" params={{ id: line.id }} hash="conflicts" className="mark mark-conflict">
            {number(line.conflicts)}
          </Link>
        ),
    },
    flags: { width: 130, render: (_, line) => line.flags.length > 0 && <FlagMarks flags={line.flags} /> },
    changes: { width: 84, align: 'right', render: (_, line) => number(line.changes) },
    updated: { width: 140, render: (_, line) => <Moment at={line.updated_at} /> },
  };
  return COLUMNS.filter((column) => chosen.includes(column) && (column !== 'office' || several)).map((column) => ({
    key: column,
    title: heading(column),
    ...cells[column],
  }));
}
