import type en from './en-figures.ts';
import type { InOneForm } from './one-form.ts';

const figures: InOneForm<typeof en> = {
  leads: {
    title: '意向客户',
    all: '全部意向客户',
    stages: '客户进展',
    stagesLead: '按行销人员登记的阶段。客户到访由分所登记，见“顾问接待”。',
    count: '数量',
    share: '占比',
    noStage: '无阶段',
    none: '没有意向客户',
    noneHint: '手机同步后会出现在这里。',
    received: '顾问接待',
    arrivals: '到访',
    nobody: '无人接待',
    nobodyReceived: '尚无客户到访',
    nobodyReceivedHint: '到访在意向客户页面登记。',
    cases: '判客',
    casesLead: '留有相同电话的意向客户。登记时间为手机时钟所示，凭据见各记录。',
    toRecords: '列表',
    noCases: '没有电话相同的意向客户',
    noCasesHint: '隐号不参与比对。',
    case: '判客：{{name}}',
    lead: '意向客户',
    registered: '登记时间',
    elsewhere_other: '另有 {{count}} 条相同电话的意向客户属于其他分所。',
  },
  surveys: {
    title: '调查表',
    all: '全部调查表',
    newest: '统计了 {{found}} 份中最新的 {{read}} 份。可筛选以统计其他。',
    none: '没有调查表',
    noneHint: '有人填写后，表单会出现在这里。',
    nameless: '未命名表单',
    version: '版本 {{version}}',
    count_other: '{{count}} 份',
    noAnswers: '没有任何回答。',
    question: '问题',
    answered: '回答数',
    answers: '回答',
    numbers: '{{least}} 至 {{most}}，平均 {{mean}}',
    others_other: '以及其他 {{count}} 种回答',
    otherAnswers: '其他回答',
  },
};

export default figures;
