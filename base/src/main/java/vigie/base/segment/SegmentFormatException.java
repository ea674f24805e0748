package vigie.base.segment;

import java.io.IOException;

/** A segment file that is whole but not for this program: a newer version, or other content. */
public final class SegmentFormatException extends IOException {
  private static final long serialVersionUID = 1;

  SegmentFormatException(String message) {
    super(message);
  }
}
