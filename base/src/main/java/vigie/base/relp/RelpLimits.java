package vigie.base.relp;

import java.time.Duration;

/**
 * What one end takes from the other.
 *
 * @param recordBytes of one record; what is longer is cut there and the rest skipped
 * @param declaredBytes a DATALEN beyond this ends the session
 * @param openBytes of the DATA of open
 * @param offers in open or its answer
 * @param unackedRecords of one session; at this many its socket is not read
 * @param unackedBytes of one session; likewise
 * @param totalUnackedBytes of all sessions together; beyond it no socket is read
 * @param turnBytes of one session that are handed on before another session's turn
 * @param connections in all
 * @param connectionsPerAddress from one address that is not loopback
 * @param open time from connect to a good open
 * @param partial time without progress within a frame
 * @param quiet time without a frame
 * @param farewell time that the end of a session may take: storing what is on the way, answering it
 */
public record RelpLimits(
    int recordBytes,
    int declaredBytes,
    int openBytes,
    int offers,
    int unackedRecords,
    int unackedBytes,
    int totalUnackedBytes,
    int turnBytes,
    int connections,
    int connectionsPerAddress,
    Duration open,
    Duration partial,
    Duration quiet,
    Duration farewell) {

  public static final RelpLimits DEFAULTS =
      new RelpLimits(
          64 * 1024,
          1024 * 1024,
          4 * 1024,
          32,
          1024,
          4 * 1024 * 1024,
          8 * 1024 * 1024,
          256 * 1024,
          4096,
          16,
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofHours(24),
          Duration.ofSeconds(10));

  public RelpLimits {
    if (recordBytes < 1 || openBytes < 1 || declaredBytes < Math.max(recordBytes, openBytes)) {
      throw new IllegalArgumentException(
          "declaredBytes "
              + declaredBytes
              + " must hold recordBytes "
              + recordBytes
              + " and openBytes "
              + openBytes);
    }
    if (unackedRecords < 1 || unackedBytes < 1 || connections < 1 || connectionsPerAddress < 1) {
      throw new IllegalArgumentException("a limit below 1 lets nothing through");
    }
  }
}
