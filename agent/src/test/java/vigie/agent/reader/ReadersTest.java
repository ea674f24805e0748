package vigie.agent.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What readers make of files that are cut off, strange or gone. */
class ReadersTest {
  @TempDir Path folder;
  private Roots roots;

  @BeforeEach
  void makeRoots() {
    roots = new Roots(folder, folder, folder);
  }

  @Test
  void givenOldKernelsStat_whenRead_thenWhatItLacksIsNotTold() throws IOException {
    write("stat", "cpu  1 2\ncpu0 100 200 300 400\nctxt 7\nintr\nbtime -5\nprocs_running x\n");
    StatReader reader = new StatReader(roots);

    reader.read();

    assertThat(reader.count()).isEqualTo(1);
    assertThat(reader.seconds(0, StatReader.IDLE)).isEqualTo(4);
    assertThat(reader.seconds(0, StatReader.STEAL)).isNaN();
    assertThat(reader.contextSwitches()).isEqualTo(7);
    assertThat(reader.interrupts()).isNaN();
    assertThat(reader.bootTime()).isNaN();
    assertThat(reader.running()).isNaN();
  }

  @Test
  void givenManyProcessors_whenRead_thenAllAndTheirNumbers() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int cpu = 0; cpu < 1000; cpu += 2) {
      text.append("cpu").append(cpu).append(" 1 2 3 ").append(cpu).append(" 5 6 7 8 9 10\n");
    }
    write("stat", text.toString());
    StatReader reader = new StatReader(roots);

    reader.read();

    assertThat(reader.count()).isEqualTo(500);
    assertThat(reader.cpu(499)).isEqualTo(998);
    assertThat(reader.seconds(499, StatReader.IDLE)).isEqualTo(9.98);
  }

  @Test
  void givenChangedFile_whenReadAgain_thenTheNewValues() throws IOException {
    write("loadavg", "0.10 0.20 0.30 1/100 12345\n");
    LoadReader reader = new LoadReader(roots);
    reader.read();
    write("loadavg", "9.99 0.20\n");

    reader.read();

    assertThat(reader.load1()).isEqualTo(9.99);
    assertThat(reader.load5()).isEqualTo(0.2);
    assertThat(reader.load15()).isNaN();
  }

  @Test
  void givenNoFile_whenRead_thenItSaysWhich() {
    assertThatThrownBy(() -> new LoadReader(roots).read())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("loadavg");
  }

  @Test
  void givenMeminfo_whenRead_thenUnitsAreHeeded() throws IOException {
    write("meminfo", "MemTotal:  2 kB\nHugePages_Total:  3\nbroken\nActive(anon):\nX: 9 MB\n");
    MemoryReader reader = new MemoryReader(roots);

    reader.read();

    assertThat(reader.count()).isEqualTo(4);
    assertThat(reader.name(0)).isEqualTo("MemTotal");
    assertThat(reader.value(0)).isEqualTo(2048);
    assertThat(reader.inBytes(0)).isTrue();
    assertThat(reader.value(1)).isEqualTo(3);
    assertThat(reader.inBytes(1)).isFalse();
    assertThat(reader.value(2)).isNaN();
    assertThat(reader.inBytes(3)).isFalse();
  }

  @Test
  void givenDiskstatsOfAnOldKernel_whenRead_thenDiscardsAreNotTold() throws IOException {
    write("diskstats", "   8  0 sda 1 2 3 4 5 6 7 8 9 10 11\n x y z\n");
    DiskReader reader = new DiskReader(roots);

    reader.read();

    assertThat(reader.disks()).hasSize(1);
    assertThat(reader.disks().get(0).name()).isEqualTo("sda");
    assertThat(reader.disks().get(0).value(DiskReader.WEIGHTED_IO_MS)).isEqualTo(11);
    assertThat(reader.disks().get(0).value(DiskReader.DISCARDS)).isNaN();
  }

  @Test
  void givenNetDevWithoutSpaceAndWithAlias_whenRead_thenNamesAndNumbers() throws IOException {
    write("net/dev", "Inter-|  Receive\n face |bytes\n eth0:123 4\neth0:1: 5 6\n");
    TrafficReader reader = new TrafficReader(roots);

    reader.read();

    assertThat(reader.devices()).hasSize(2);
    assertThat(reader.devices().get(0).name()).isEqualTo("eth0");
    assertThat(reader.devices().get(0).value(0)).isEqualTo(123);
    assertThat(reader.devices().get(1).name()).isEqualTo("eth0:1");
    assertThat(reader.devices().get(1).value(TrafficReader.NO_HANDLER)).isNaN();
  }

  @Test
  void givenLinksThatComeAndGo_whenRead_thenThoseThatAreThere() throws IOException {
    write("class/net/eth0/ifindex", "2\n");
    write("class/net/eth0/flags", "0x1003\n");
    write("class/net/eth0/operstate", "up\n");
    write("class/net/bonding_masters", "\n");
    LinkReader reader = new LinkReader(roots);
    reader.read();
    assertThat(reader.links()).hasSize(1);
    assertThat(reader.links().get(0).value(LinkReader.FLAGS)).isEqualTo(4099);
    assertThat(reader.links().get(0).value(LinkReader.SPEED)).isNaN();
    assertThat(reader.links().get(0).state()).isEqualTo("up");
    Files.delete(folder.resolve("class/net/eth0/ifindex"));

    reader.read();

    assertThat(reader.links()).isEmpty();
  }

  @Test
  void givenKernelWithoutArch_whenUnameIsRead_thenTheMachineOfTheJvm() throws IOException {
    write("sys/kernel/ostype", "Linux\n");

    UnameReader.Uname uname = new UnameReader(roots, "amd64").read();

    assertThat(uname).isEqualTo(new UnameReader.Uname("Linux", "", "", "", "x86_64", ""));
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(
        file,
        text,
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE);
  }
}
