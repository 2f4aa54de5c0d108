import { CloseCircleFilled } from '@ant-design/icons';
import { useWords } from '../language/wording.ts';

/** What empties a field of text, with a name: antd's own is a picture alone. */
export function ClearIcon() {
  const { t } = useWords();
  return <CloseCircleFilled aria-label={t('common.clear')} />;
}
