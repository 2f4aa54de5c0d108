import { Link } from '@tanstack/react-router';
import { useDirectory } from '../api/directory.ts';
import { nameOf, type Line } from '../api/records.ts';
import { KindMark } from '../words/marks.tsx';
import { Moment } from '../words/moment.tsx';

interface Props {
  lines: readonly Line[];
  /** By whose clocks the times are; each record's own office's if left out. */
  office?: string;
}

/** Surveys have their form's name, all of them the same: the respondent tells them apart. */
const calledBy = (line: Line): string =>
  line.kind === 'survey' && line.subtitle ? `${nameOf(line)} · ${line.subtitle}` : nameOf(line);

/** A few records, each leading to its page. */
export function RecordLines({ lines, office }: Props) {
  const directory = useDirectory();
  return (
    <ul className="record-lines">
      {lines.map((line) => (
        <li key={line.id}>
          <Link to="/records/$id" params={{ id: line.id }} className="row-link">
            {calledBy(line)}
          </Link>{' '}
          <KindMark kind={line.kind} /> <span className="quiet">{directory.person(line.owner)}</span>{' '}
          <Moment at={line.captured} zone={directory.zone(office ?? line.office)} />
        </li>
      ))}
    </ul>
  );
}
