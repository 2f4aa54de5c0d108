import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Form, Modal, Select } from 'antd';
import { useState } from 'react';
import type { Body } from '../api/client.ts';
import { useDirectory } from '../api/directory.ts';
import { handOver } from '../api/staff.ts';
import { useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';

/** Gives everything that a person has open to somebody else. */
export function HandOverDialog({ person, onClose }: { person: Body['PersonBody']; onClose: () => void }) {
  const { t } = useWords();
  const { people, office } = useDirectory();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const [to, setTo] = useState<string>();
  const [missing, setMissing] = useState(false);
  const give = useMutation({
    mutationFn: (to: string) => handOver(person.id, to),
    onSuccess: ({ moved, closed }) => {
      message.success(t('people.handedOver', { moved, closed }));
      onClose();
    },
    onError: notice,
    onSettled: () => cache.invalidateQueries({ queryKey: ['records'] }),
  });
  const heirs = people.filter(
    (heir) => heir.active && heir.id !== person.id && (heir.role === 'promoter' || heir.role === 'supervisor'),
  );
  return (
    <Modal
      open
      title={t('people.handOverTitle', { name: person.name })}
      okText={t('people.handOver')}
      confirmLoading={give.isPending}
      onOk={() => (to ? give.mutate(to) : setMissing(true))}
      onCancel={onClose}
    >
      <p className="quiet">{t('people.handOverLead', { name: person.name })}</p>
      {missing && <Alert type="warning" showIcon title={t('people.handOverNobody')} role="alert" />}
      <Form layout="vertical">
        <Form.Item label={t('people.handOverTo')} htmlFor="heir">
          <Select
            id="heir"
            value={to}
            onChange={(id: string) => {
              setTo(id);
              setMissing(false);
            }}
            showSearch={{ optionFilterProp: 'label' }}
            options={heirs.map((heir) => ({ value: heir.id, label: `${heir.name} · ${office(heir.office) ?? ''}` }))}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}
