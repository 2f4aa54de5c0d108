import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Form, Modal, Select, Switch } from 'antd';
import { useState } from 'react';
import type { Body } from '../api/client.ts';
import { useDirectory } from '../api/directory.ts';
import { changePerson } from '../api/staff.ts';
import { term, useWords } from '../language/wording.ts';
import { useProblemNotice } from '../problem/notices.tsx';
import { AccessActions } from './access-actions.tsx';
import { editOf, type Draft } from './person-edit.ts';
import { ROLES } from './search.ts';

/** Moves a person, gives them another role, or ends their work. */
export function ChangeDialog({ person, onClose }: { person: Body['PersonBody']; onClose: () => void }) {
  const { t } = useWords();
  const { offices, teams } = useDirectory();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const notice = useProblemNotice();
  const [draft, setDraft] = useState<Draft>({
    role: person.role,
    office: person.office ?? undefined,
    team: person.team ?? undefined,
    active: person.active,
  });
  const change = useMutation({
    mutationFn: () => changePerson(person.id, editOf(person, draft)),
    onSuccess: () => {
      message.success(t('people.changed'));
      onClose();
    },
    onError: notice,
    onSettled: () => cache.invalidateQueries({ queryKey: ['people'] }),
  });
  const nothing = Object.keys(editOf(person, draft)).length === 0;
  return (
    <Modal
      open
      title={t('people.changeTitle', { name: person.name })}
      okText={t('common.save')}
      okButtonProps={{ disabled: nothing }}
      confirmLoading={change.isPending}
      onOk={() => change.mutate()}
      onCancel={onClose}
    >
      <Form layout="vertical">
        <Form.Item label={t('people.role')} htmlFor="person-role">
          <Select
            id="person-role"
            value={draft.role}
            onChange={(role) => setDraft({ ...draft, role })}
            options={ROLES.map((value) => ({ value, label: term('role', value) }))}
          />
        </Form.Item>
        <Form.Item label={t('people.office')} htmlFor="person-office">
          <Select
            id="person-office"
            allowClear={{ label: t('common.clear') }}
            value={draft.office}
            onChange={(office: string | undefined) => setDraft({ ...draft, office, team: undefined })}
            options={offices.map(({ id, name }) => ({ value: id, label: name }))}
          />
        </Form.Item>
        <Form.Item label={t('people.team')} htmlFor="person-team">
          <Select
            id="person-team"
            allowClear={{ label: t('common.clear') }}
            value={draft.team}
            onChange={(team: string | undefined) => setDraft({ ...draft, team })}
            options={teams.filter((team) => team.office === draft.office).map(({ id, name }) => ({ value: id, label: name }))}
          />
        </Form.Item>
        <Form.Item label={t('people.active')} htmlFor="person-active" extra={t('people.endWork')}>
          <Switch id="person-active" checked={draft.active} onChange={(active) => setDraft({ ...draft, active })} />
        </Form.Item>
      </Form>
      {person.signs_in && <AccessActions person={person} />}
    </Modal>
  );
}
