package vigie.agent.reader;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.reader.ProcessTable.Entry;

class ProcessTableTest {
  private static final String STAT =
      "812 (nginx) S 1 812 812 0 -1 4194624 1021 77 3 0 250 50 0 0 20 0 1 0 4711 56942592 1290"
          + " 18446744073709551615\n";
  @TempDir Path procfs;
  private ProcessTable table;

  @BeforeEach
  void host() throws IOException {
    table = new ProcessTable(new Roots(procfs, procfs, procfs));
    Files.writeString(procfs.resolve("stat"), "cpu  1 2 3\nbtime 1780000000\n");
    Files.writeString(procfs.resolve("uptime"), "1 1\n");
    write(812, "stat", STAT);
    write(812, "status", "Name:\tnginx\nUid:\t33\t33\t33\t33\nVmRSS:\t    5160 kB\n");
    write(812, "cmdline", "nginx: master process\0/usr/sbin/nginx\0-g\0daemon off;\0\0");
  }

  @Test
  void givenProcess_whenRead_thenItsFields() throws IOException {
    Entry nginx = table.read().get(0);
    assertThat(table.read()).hasSize(1);
    assertThat(nginx).hasToString("nginx (process 812)");
    assertThat(nginx.state()).isEqualTo('S');
    assertThat(nginx.cpuSeconds()).isEqualTo(3.0);
    assertThat(nginx.startSeconds()).isEqualTo(1_780_000_047.11, Offset.offset(0.001));
    assertThat(nginx.program()).isEqualTo("nginx");
    assertThat(nginx.commandLine())
        .isEqualTo("nginx: master process /usr/sbin/nginx -g daemon off;");
    assertThat(nginx.residentBytes()).isEqualTo(5160 * 1024.0);
    assertThat(nginx.openFiles()).isNaN();
  }

  @Test
  void givenNameWithParenthesesAndSpaces_whenRead_thenWhole() throws IOException {
    write(9, "stat", STAT.replace("(nginx) S", "(a) R 1 (b) Z"));
    Entry process = Objects.requireNonNull(table.read(9));
    assertThat(process.name()).isEqualTo("a) R 1 (b");
    assertThat(process.isEnded()).isTrue();
  }

  @Test
  void givenThreadOfTheKernel_whenRead_thenWithoutArgumentsAndMemory() throws IOException {
    write(2, "stat", STAT.replace("(nginx)", "(kthreadd)"));
    write(2, "status", "Name:\tkthreadd\n");
    write(2, "cmdline", "");
    Entry thread = Objects.requireNonNull(table.read(2));
    assertThat(thread.commandLine()).isEmpty();
    assertThat(thread.program()).isEmpty();
    assertThat(thread.residentBytes()).isZero();
  }

  @Test
  void givenNoSuchProcess_whenRead_thenNull() throws IOException {
    assertThat(table.read(4)).isNull();
  }

  @Test
  void givenFilesCutOffOrStrange_whenRead_thenAValueLessAndNoFault() throws IOException {
    Random random = new Random(812);
    for (int length = 0; length <= STAT.length(); length++) {
      write(812, "stat", STAT.substring(0, length));
      all();
    }
    for (int round = 0; round < 500; round++) {
      byte[] bytes = STAT.getBytes();
      for (int i = 0; i < 1 + round % 5; i++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      Files.write(procfs.resolve("812/stat"), bytes);
      Files.write(procfs.resolve("812/cmdline"), bytes);
      Files.write(procfs.resolve("812/status"), bytes);
      all();
    }
  }

  @Test
  void givenThisHost_whenRead_thenWeAreAmongThem() throws IOException {
    long pid = ProcessHandle.current().pid();
    Entry us =
        new ProcessTable(Roots.HOST)
            .read().stream().filter(p -> p.pid() == pid).findFirst().orElseThrow();
    assertThat(us.program()).isEqualTo("java");
    assertThat(us.residentBytes()).isGreaterThan(10e6);
    assertThat(us.openFiles()).isGreaterThan(3);
  }

  private void all() throws IOException {
    List<Entry> processes = table.read();
    for (Entry process : processes) {
      process.program();
      process.commandLine();
      process.residentBytes();
      process.isEnded();
    }
  }

  private void write(int pid, String file, String text) throws IOException {
    Path folder = Files.createDirectories(procfs.resolve(Integer.toString(pid)));
    Files.writeString(folder.resolve(file), text);
  }
}
