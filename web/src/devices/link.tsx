import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { devices } from '../api/directory.ts';
import { usePowers } from '../session/session.ts';

/** A phone by its name, leading to it. */
export function DeviceLink({ id }: { id: string }) {
  const { seeDevices } = usePowers();
  const label = useQuery({
    ...devices,
    enabled: seeDevices,
    select: (devices) => devices.find((device) => device.id === id)?.label,
  }).data;
  if (!label) return <span className="identifier">{id.slice(-8)}</span>;
  return (
    <Link to="/devices" search={{ device: id }}>
      {label}
    </Link>
  );
}
