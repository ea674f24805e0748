package vigie.agent.event;

/** The kinds of events that the agent makes itself. */
public enum EventType {
  PROBE_DOWN("probe.down", true),
  PROBE_UP("probe.up", true),
  PROBE_SLOW("probe.slow", false),
  BACKUP_LATE("backup.late", true),
  BACKUP_SMALL("backup.small", true),
  AGENT_START("agent.start", false),
  // Urgent, so that it is on the disk, and thus may go out, before the link is closed.
  AGENT_STOP("agent.stop", true),
  AGENT_CONNECTED("agent.connected", false),
  AGENT_STATE("agent.state", false),
  AGENT_UNITS("agent.units", false),
  AGENT_GAP("agent.gap", true),
  AGENT_CLOCK("agent.clock", false),
  // Urgent, so that it does not wait a second for others: whoever looks finds the unit up again.
  UNIT_CRASHED("unit.crashed", true),
  UNIT_FAILED("unit.failed", true),
  UNIT_RECOVERED("unit.recovered", false),
  KERNEL_OOM("kernel.oom", true),
  KERNEL_UNDERVOLTAGE("kernel.undervoltage", false),
  KERNEL_IO_ERROR("kernel.io_error", false),
  NODE_BOOT("node.boot", false),
  // Urgent for the same reason as agent.stop.
  NODE_SHUTDOWN("node.shutdown", true),
  LOG_MATCH("log.match", false),
  // Urgent, so that what is measured is the way of an event that is.
  DRILL_PROBE("drill.probe", true);

  private final String wire;
  private final boolean urgent;

  EventType(String wire, boolean urgent) {
    this.wire = wire;
    this.urgent = urgent;
  }

  /** The name on the wire, RFC 5424's MSGID. */
  public String wire() {
    return wire;
  }

  /** Whether a power cut must not lose it: the spool syncs before it takes the next one. */
  public boolean urgent() {
    return urgent;
  }
}
