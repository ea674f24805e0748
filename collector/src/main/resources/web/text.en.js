// English. A value is a text, or a function of what stands in it.
const s = n => (n === 1 ? '' : 's');

export default {
  now: 'Now', nodes: 'Nodes', events: 'Events', explore: 'Explore', silences: 'Silences',
  skip: 'Skip to the content', views: 'Views', there: time => `(${time} there)`,
  linkLost: 'Link lost, trying again. What you see is the last that was heard.', loading: 'Loading …',
  cannot: 'That did not work', noAnswer: 'The collector does not answer.', again: 'Try again',
  viewer: 'You may look; changing needs the role operator.', looks: 'may look',
  // Sign-in
  signIn: 'Sign in', signOut: 'Sign out', user: 'User', password: 'Password', byProxy: 'The proxy in front of this page has to sign you in.',
  wrong: 'User or password is wrong.',
  yourName: 'Your name', nameWhy: 'So that others know who it was.',
  // Words
  severity: {critical: 'Critical', error: 'Error', warning: 'Warning', info: 'Info', none: 'Note'},
  status: {firing: 'firing', acknowledged: 'acknowledged', silenced: 'silenced', inhibited: 'held back by another', muted: 'muted at this hour',
    pending: 'about to fire', resolved: 'over', flapping: 'comes and goes'},
  node: {up: 'up', off: 'switched off', rebooting: 'restarting', stopped: 'agent stopped', lost: 'silent', unseen: 'not heard yet'},
  severities: {emerg: 'emergency', alert: 'alert', crit: 'critical', err: 'error', warning: 'warning', notice: 'notice', info: 'info', debug: 'debug'},
  // Now
  burning: n => `${n} alert${s(n)} need${n === 1 ? 's' : ''} somebody`, handled: 'Taken care of', soon: 'About to fire', held: 'Held back', lately: 'Over lately',
  nodesOf: state => ({up: 'up', off: 'off', rebooting: 'restarting', stopped: 'without agent', lost: 'silent', unseen: 'not heard yet'})[state] ?? state,
  times: (n, name) => `${n} × ${name}`, each: 'Each of them',
  allWell: n => (n === 1 ? 'The node is well' : `All ${n} nodes are well`), nobodyNeeded: 'Nobody is needed', noNodes: 'No node has been heard yet',
  noNodesHow: 'Start an agent with “collector:” pointing here, and it appears by itself.',
  away: n => `${n} switched off on purpose`, forTime: time => `for ${time}`, ago: time => `${time} ago`,
  ackBy: (who, note) => `${who} takes care${note ? ': ' + note : ''}`, cardWaits: 'Card not sent yet', newAlert: (severity, text) => `New, ${severity}: ${text}`,
  pendingCards: (n, receiver, cause) => `${n} card${s(n)} wait${n === 1 ? 's' : ''} for ${receiver}: ${cause}`,
  acknowledge: 'Acknowledge', withdraw: 'Take it back', silence: 'Silence', note: 'Note (optional)',
  thisAlert: 'This alert', allOf: node => `All of ${node}`, untilBack: 'until it is back', otherwise: 'For another time, with a reason',
  silenceFor: (what, time) => `Silence ${what} for ${time}`, fromPage: 'from the page',
  // Nodes
  findNode: 'Find a node', sort: 'Sort by', group: 'Group by', sorts: {state: 'state', name: 'name', cpu: 'CPU', memory: 'memory', disk: 'disk', heat: 'temperature'},
  groups: {'': 'nothing', state: 'state', behind: 'what it is behind'}, figures: {cpu: 'CPU', memory: 'Memory', disk: 'Disk', heat: 'Temperature'},
  short: {cpu: 'CPU', memory: 'Memory', disk: 'Disk', heat: 'Temp.'}, throttled: 'throttled', clockBehind: time => `clock ${time} behind`, clockAhead: time => `clock ${time} ahead`, waiting: n => `${n} event${s(n)} waiting`,
  behind: 'behind', direct: 'directly reached', someNodes: (n, of) => (n === of ? `${n} node${s(n)}` : `${n} of ${of} nodes`), noMatch: 'Nothing matches.', alerts: n => `${n} alert${s(n)}`,
  lastHour: figure => `${figure}, last hour`, none: '–',
  // Node
  system: 'System', hardware: 'Hardware', cpus: n => `${n} CPU${s(n)}`, booted: 'Booted', heard: 'Heard', version: 'Agent', gateway: 'Gateway', clock: 'Clock', dependsOn: 'Behind', exact: 'exact',
  ranges: {3600: '1 h', 21600: '6 h', 86400: '24 h', 604800: '7 days', 2592000: '30 days'}, range: 'Range', zoomHint: 'Drag to zoom', zoomOut: 'Back to the present', tableOf: 'Newest values',
  probes: 'Probes', units: 'Units', changes: 'What changed', noEvents: 'No events.', noProbes: 'It probes nothing.', allUnits: 'No unit has failed.', noChanges: 'Nothing in the last 7 days.',
  answers: 'answers', down: 'down', failed: 'failed', runs: 'runs again', all: 'All', target: 'Target', state: 'State', took: 'Took', name: 'Name',
  graphs: {cpu: 'CPU', memory: 'Memory', disk: 'Disk space', io: 'Disk', network: 'Network', heat: 'Temperature', load: 'Load'},
  lowHigh: (title, low, high, last) => `${title}: lowest ${low}, highest ${high}, newest ${last}`,
  // Events
  says: 'Search the text', type: 'Type', unit: 'Unit', atLeast: 'At least', anySeverity: 'any severity', from: 'Since', everTime: 'any time', live: 'Live', wrap: 'Wrap', copy: 'Copy',
  copied: 'Copied', copyLink: 'Link', search: 'Search', more: 'Older ones', matchers: 'Matchers', matchersHint: 'probe=web, unit=~"ssh.*"', skipped: 'More came than could be shown here.',
  shown: n => `${n} event${s(n)}`, field: 'Field', value: 'Value', filters: 'More filters',
  sinces: {'15m': '15 minutes', '1h': '1 hour', '6h': '6 hours', '24h': '1 day', '7d': '7 days', '30d': '30 days'},
  // Incident
  timeline: 'What happened', labels: 'Labels', cause: 'Cause', action: 'Corrective action', noteField: 'Note', save: 'Save', saved: 'Saved in the history', report: 'Incident report (Markdown)', copyReport: 'Copy report',
  writeDown: 'For those who come after', kinds: {pending: 'Began', firing: 'Fired', resolved: 'Over', acknowledged: 'Acknowledged', unacknowledged: 'Acknowledgement taken back', note: 'Note', cause: 'Cause', action: 'Corrective action',
    silenced: 'Silenced', inhibited: 'Held back', muted: 'Muted', active: 'No longer held back', flapping: 'Comes and goes', sent: 'Card sent', silence: 'Silence'},
  took2: time => `It took ${time}`, description: 'What to do', course: 'What the rule sees', runbook: 'Runbook', tells: 'Told to',
  // Explore
  expression: 'PromQL expression', run: 'Run', graph: 'Graph', table: 'Table', series: n => `${n} series`, suggestions: 'Suggestions', empty: 'Empty: nothing matches this now.',
  tooMany: (n, of) => `The first ${n} of ${of} series are drawn.`, try: 'Try', metric: 'metric', func: 'function', label: 'label',
  // Silences
  expire: 'End now', ends: 'Ends', starts: 'Begins', reason: 'Reason', endedBy: 'Ended', toCome: 'To come', over: 'Over', noSilences: 'No silence. Everything is told.', newSilence: 'New silence',
  backOf: node => `or when ${node} is back`, duration: 'For',
};
