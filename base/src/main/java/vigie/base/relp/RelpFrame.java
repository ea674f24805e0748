package vigie.base.relp;

/**
 * One frame: {@code TXNR SP COMMAND SP DATALEN [SP DATA] LF}.
 *
 * @param txnr 0 to 999,999,999
 * @param command one of the constants here where it is known, so that {@code ==} would do
 * @param data what was kept of DATA; belongs to whoever has the frame
 * @param length DATALEN
 */
@SuppressWarnings("ArrayRecordComponent") // frames are never compared, and copying each costs
public record RelpFrame(int txnr, String command, byte[] data, int length) {
  public static final String OPEN = "open";
  public static final String SYSLOG = "syslog";
  public static final String RSP = "rsp";
  public static final String CLOSE = "close";
  public static final String SERVERCLOSE = "serverclose";

  /** The last txnr there is; librelp can't go on from there, so a client renews long before. */
  public static final int MAX_TXNR = 999_999_999;

  /** Whether DATA was longer than the limit. */
  public boolean isCut() {
    return data.length < length;
  }
}
