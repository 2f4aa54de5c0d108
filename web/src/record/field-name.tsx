import { term } from '../language/wording.ts';
import { splitPath } from './fields.ts';

/** A field by its name; the key of a map stands behind it. */
export function FieldName({ path }: { path: string }) {
  const { name, key } = splitPath(path);
  return (
    <>
      <span className="short">{term('field', name)}</span>
      {key !== undefined && <span className="quiet number"> {key}</span>}
    </>
  );
}
