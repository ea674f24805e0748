package vigie.base.segment;

import java.nio.file.Path;

/**
 * Damage found in a segment: something other than this program, a crash or a power cut changed it.
 *
 * @param offset where in the file the damage begins, in bytes
 * @param from first record number that is lost
 * @param to last record number that is lost; below {@code from} where only the file's header is
 */
public record SegmentFault(Path file, long offset, long from, long to) {
  @Override
  public String toString() {
    return file
        + " is damaged at byte "
        + offset
        + (to < from ? "; no record is lost" : "; records " + from + " to " + to + " are lost");
  }
}
