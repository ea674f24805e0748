package vigie.agent.event;

/** Syslog severities, the most severe first; the ordinal is the code. RFC 5424, section 6.2.1. */
public enum Severity {
  EMERGENCY,
  ALERT,
  CRITICAL,
  ERROR,
  WARNING,
  NOTICE,
  INFORMATIONAL,
  DEBUG
}
