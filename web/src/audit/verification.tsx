import { Alert } from 'antd';
import type { Checked } from '../api/audit.ts';
import { useDirectory } from '../api/directory.ts';
import { number, useWords } from '../language/wording.ts';
import { Trouble } from '../problem/trouble.tsx';

interface Check {
  data: Checked | undefined;
  error: Error | null;
  refetch: () => unknown;
}

/** What the check of the whole trail found; nothing until somebody has asked. */
export function Verification({ check }: { check: Check }) {
  const { t } = useWords();
  const directory = useDirectory();
  if (check.error) return <Trouble error={check.error} again={() => void check.refetch()} />;
  if (!check.data) return null;
  const { sound, entries, broken, anchors, false_anchors, false_statements, head } = check.data;
  const statements = false_statements.map(({ office, day, number: no }) => `${directory.office(office) ?? office} ${day} #${number(no)}`);
  return (
    <Alert
      className="audit-verification"
      type={sound ? 'success' : 'error'}
      role={sound ? 'status' : 'alert'}
      showIcon
      title={t(sound ? 'audit.sound' : 'audit.unsound')}
      description={
        <>
          <div>{t('audit.checked', { entries: number(entries), anchors: number(anchors) })}</div>
          {broken != null && <div>{t('audit.broken', { no: number(broken) })}</div>}
          {false_anchors.length > 0 && <div>{t('audit.falseAnchors', { numbers: false_anchors.map((no) => number(no)).join(', ') })}</div>}
          {statements.length > 0 && <div>{t('audit.falseStatements', { statements: statements.join(', ') })}</div>}
          <div className="small">
            {t('audit.head')} <span className="identifier">{head}</span>
          </div>
        </>
      }
    />
  );
}
