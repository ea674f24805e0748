package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real full disk: a tmpfs of 16 MiB that only the child process sees. Its temporary folder is one
 * where nothing may be run, as hardened machines have it.
 */
class LogEventStoreFullDiskTest {
  private static final String SCRIPT =
      "mount -t tmpfs -o size=16m tmpfs \"$1\" && mount -t tmpfs -o size=16m,noexec tmpfs \"$2\""
          + " && shift 2 && exec \"$@\"";
  @TempDir Path work;

  @Test
  void givenAFullDisk_whenThereIsRoomAgain_thenNothingIsLostAndNothingWasAckedTooEarly()
      throws Exception {
    List<String> unshare =
        runs(List.of("unshare", "--mount", "true"))
            ? List.of("unshare", "--mount")
            : List.of("unshare", "--user", "--map-root-user", "--mount");
    List<String> probe = new ArrayList<>(unshare);
    probe.add("true");
    Assumptions.assumeTrue(
        runs(probe), "this machine lets nobody but root mount a tmpfs; run the test as root");
    Path disk = Files.createDirectory(work.resolve("disk"));
    Path temporary = Files.createDirectory(work.resolve("tmp"));
    List<String> command = new ArrayList<>(unshare);
    command.addAll(
        List.of(
            "sh",
            "-c",
            SCRIPT,
            "sh",
            disk.toString(),
            temporary.toString(),
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djava.io.tmpdir=" + temporary,
            "-cp",
            System.getProperty("java.class.path"),
            FullDiskProcess.class.getName(),
            disk.toString()));
    Path said = work.resolve("said");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String output = Files.readString(said, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(output).isZero();
    assertThat(output)
        .contains("native=" + disk.resolve("events/native") + " OK")
        .contains("neither taken nor acknowledged")
        .contains("cannot be moved from the receive log")
        .doesNotContain("Exception", "UnsatisfiedLinkError");
  }

  private static boolean runs(List<String> command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
  }
}
