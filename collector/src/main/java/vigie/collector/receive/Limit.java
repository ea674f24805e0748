package vigie.collector.receive;

import java.util.Locale;

/** The limits of receiving, by the names they have in {@code limits:} and in the metrics. */
public enum Limit {
  RECORD_BYTES("a longer record is cut there, the rest skipped"),
  DECLARED_BYTES("a longer frame ends the connection"),
  OPEN_BYTES("of RELP's open; a longer one is refused"),
  OFFERS("in RELP's open; more are refused"),
  SD_ELEMENTS("of structured data as fields; more stay in the raw record"),
  SD_PARAMS("of structured data as fields; more stay in the raw record"),
  FIELD_BYTES("of host, app, procid, msgid and each parameter; more stays in the raw record"),
  UNACKED_RECORDS("of a RELP session; at this many its socket is not read"),
  UNACKED_BYTES("of a RELP session; at this many its socket is not read"),
  QUEUE_BYTES("received and not yet durable, all together; then no socket is read, datagrams drop"),
  SOURCE_BYTES("of one source in that queue; then its sockets are not read, its datagrams drop"),
  TURN_BYTES("taken from one source before the next has its turn"),
  RECORDS_PER_SECOND("of one source, 0 for any number; then not read, datagrams drop"),
  CONNECTIONS("in all; the next is closed"),
  CONNECTIONS_PER_ADDRESS("without client certificate, loopback excepted; the next is closed"),
  HANDSHAKE_TIMEOUT("for TLS, and from there to RELP's open; then closed"),
  FIRST_RECORD_TIMEOUT("to the first bytes of a syslog connection; then closed"),
  PARTIAL_TIMEOUT("without progress within a record; then closed"),
  QUIET_TIMEOUT("without a record; then closed"),
  UDP_BUFFER_BYTES("of the kernel for datagrams; beyond it the kernel drops and counts"),
  FORWARD_BYTES("waiting for one target of syslog_routes; more is dropped and counted");

  private final String meaning;

  Limit(String meaning) {
    this.meaning = meaning;
  }

  /** Its key and label, such as {@code record_bytes}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What is limited and what happens beyond it. */
  public String meaning() {
    return meaning;
  }
}
