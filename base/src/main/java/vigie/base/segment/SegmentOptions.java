package vigie.base.segment;

/**
 * How a log is cut into files and what it holds.
 *
 * @param content names what the records are, 1 to 8 ASCII letters, such as {@code spool}; a folder
 *     with other content is refused
 * @param contentVersion version of the records' own layout, from 1; a newer one is refused
 * @param segmentBytes a segment that would grow over this is followed by a new one; a batch is
 *     never split, so one may be larger by a batch
 * @param mostRecordBytes largest record; a larger one is refused
 * @param aheadBytes so many zeros are written ahead of small batches, 0 for none: a sync is quicker
 *     where the file does not grow, but the disk is written to twice
 */
public record SegmentOptions(
    String content, int contentVersion, long segmentBytes, int mostRecordBytes, int aheadBytes) {
  public SegmentOptions {
    if (!content.chars().allMatch(c -> c > ' ' && c < 127)
        || content.isEmpty()
        || content.length() > 8) {
      throw new IllegalArgumentException("content must be 1 to 8 ASCII letters: " + content);
    }
    if (contentVersion < 1 || contentVersion > 0xffff) {
      throw new IllegalArgumentException("contentVersion " + contentVersion + " is out of range");
    }
    if (segmentBytes < 1 || segmentBytes > 1L << 30) {
      throw new IllegalArgumentException("segmentBytes " + segmentBytes + " is out of range");
    }
    if (mostRecordBytes < 1 || mostRecordBytes > 1 << 24) {
      throw new IllegalArgumentException("mostRecordBytes " + mostRecordBytes + " is out of range");
    }
    if (aheadBytes < 0 || aheadBytes > 1 << 24) {
      throw new IllegalArgumentException("aheadBytes " + aheadBytes + " is out of range");
    }
  }

  /** With no zeros ahead. */
  public SegmentOptions(
      String content, int contentVersion, long segmentBytes, int mostRecordBytes) {
    this(content, contentVersion, segmentBytes, mostRecordBytes, 0);
  }

  /** Segments of 1 MiB, records up to 128 KiB, version 1. */
  public SegmentOptions(String content) {
    this(content, 1, 1 << 20, 128 << 10);
  }
}
