package vigie.collector;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;

/**
 * Whose the data is. What a command writes there as somebody else, such as root, the collector
 * could not open the next time.
 */
final class DataOwner {
  private DataOwner() {}

  /**
   * @param folder of the collector's data
   * @param command to be given by the owner
   * @throws IOException that says as whom to run it, if that is not who runs this process
   */
  static void check(Path folder, String command) throws IOException {
    check(folder, command, Files.getOwner(Path.of("/proc/self")));
  }

  static void check(Path folder, String command, UserPrincipal me) throws IOException {
    UserPrincipal owner = Files.getOwner(folder);
    if (!owner.equals(me)) {
      throw new IOException(
          folder
              + " is "
              + owner.getName()
              + "'s, and what "
              + me.getName()
              + " writes there the collector could not open; run it as "
              + owner.getName()
              + ": sudo -u "
              + owner.getName()
              + " "
              + command);
    }
  }
}
