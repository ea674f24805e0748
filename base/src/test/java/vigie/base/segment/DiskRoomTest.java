package vigie.base.segment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskRoomTest {
  @Test
  void givenFullDisk_whenAsked_thenNamedAlsoByAFolderThatIsNotThere() throws Exception {
    try (SmallDisk disk = SmallDisk.mount(2048)) {
      assertThat(DiskRoom.hint(disk.path(), "broken")).isEmpty();
      Files.write(disk.path().resolve("ballast"), new byte[2040 << 10]);
      Path folder = disk.path().resolve("data/log");
      assertThat(DiskRoom.reason(folder, new FileSystemException("f", null, "refused")))
          .isEqualTo("refused; the disk of " + folder + " has 8 KiB left: make room");
    }
  }

  @Test
  void givenNoSpaceOnARoomyDisk_whenAsked_thenFilesOrAQuotaRanOut(@TempDir Path folder) {
    String words = "No space left on device";
    String hint =
        "; the disk of " + folder + " takes no more files or bytes (df -i, quota): make room";
    assertThat(DiskRoom.hint(folder, words)).isEqualTo(hint);
    assertThat(DiskRoom.hint(folder, words + hint)).isEmpty();
    assertThat(DiskRoom.hint(folder, "permission denied")).isEmpty();
  }
}
