package vigie.base.segment;

import java.io.IOException;
import java.nio.file.Path;

/** A folder is in use by another process. */
public final class FolderHeldException extends IOException {
  private static final long serialVersionUID = 1;
  private final String holder;

  /**
   * @param process the number of the process that has it, {@code "?"} where it did not say
   */
  public FolderHeldException(Path folder, String process) {
    super(folder + " is held by process " + process + "; stop it or set another path");
    this.holder = process;
  }

  /** The number of the process that has it, {@code "?"} where unknown. */
  public String holder() {
    return holder;
  }
}
