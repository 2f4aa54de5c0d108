import { Tag } from 'antd';
import { useDirectory } from '../api/directory.ts';
import type { RecordFilter } from '../api/records.ts';
import { useWords } from '../language/wording.ts';

interface Props {
  filter: RecordFilter;
  onChange: (change: Partial<RecordFilter>) => void;
}

/** The conditions that numbers elsewhere set when they lead to their records: nobody chooses them, but all are said, and
 * each can be taken away. */
export function Narrowings({ filter, onChange }: Props) {
  const { t } = useWords();
  const directory = useDirectory();
  const unknown = t('common.unknown');
  const said: { [condition in keyof RecordFilter]: string | false | null | undefined } = {
    made_by: filter.made_by && t('records.filter.madeBy', { name: directory.person(filter.made_by) ?? unknown }),
    made_in: filter.made_in && t('records.filter.madeIn', { name: directory.office(filter.made_in) ?? unknown }),
    received_by:
      filter.received_by === ''
        ? t('records.filter.receivedByNobody')
        : filter.received_by && t('records.filter.receivedBy', { name: filter.received_by }),
    sealed_in:
      filter.sealed_in === 0
        ? t('records.filter.sealed')
        : filter.sealed_in != null && t('records.filter.sealedLater', { number: filter.sealed_in }),
    unsealed: filter.unsealed && t('records.filter.unsealed'),
    photo: filter.photo && t('records.filter.photo'),
    unsearchable: filter.unsearchable && t('records.filter.unsearchable'),
  };
  return Object.entries(said).map(
    ([condition, words]) =>
      words && (
        <Tag key={condition} closable={{ 'aria-label': `${t('common.clear')}: ${words}` }} onClose={() => onChange({ [condition]: undefined })}>
          {words}
        </Tag>
      ),
  );
}
