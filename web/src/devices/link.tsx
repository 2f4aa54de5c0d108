import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { deviceLabels } from '../api/directory.ts';
import { usePowers } from '../session/session.ts';

interface Props {
  id: string;
  /** What it is called, where the answer that names it says so. */
  label?: string | null;
}

/** A phone by its name, leading to it. */
export function DeviceLink({ id, label }: Props) {
  const { seeDevices } = usePowers();
  const found = useQuery({ ...deviceLabels, enabled: seeDevices && !label }).data?.get(id);
  const shown = label ?? found;
  if (!shown) return <span className="identifier">{id.slice(-8)}</span>;
  if (!seeDevices) return shown;
  return (
    <Link to="/devices" search={{ device: id }}>
      {shown}
    </Link>
  );
}
