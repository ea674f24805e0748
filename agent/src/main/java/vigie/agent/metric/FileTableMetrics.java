package vigie.agent.metric;

import java.util.List;
import vigie.agent.reader.NoDataException;
import vigie.agent.reader.SysctlReader;

/** {@code node_filefd_*}: how many files are open on the machine. */
final class FileTableMetrics implements Subject {
  private final Family allocated = Family.gauge("node_filefd_allocated", "Files open now.");
  private final Family maximum =
      Family.gauge("node_filefd_maximum", "Files that can be open at once.");
  private final double[] numbers = new double[3];
  private final SysctlReader sysctl;

  FileTableMetrics(SysctlReader sysctl) {
    this.sysctl = sysctl;
  }

  @Override
  public String name() {
    return "filefd";
  }

  @Override
  public List<Family> families() {
    return List.of(allocated, maximum);
  }

  @Override
  public void collect() throws NoDataException {
    sysctl.numbers("fs/file-nr", numbers); // the second has been 0 since kernel 2.6
    if (Double.isNaN(numbers[0])) {
      throw new NoDataException("no number in /proc/sys/fs/file-nr");
    }
    allocated.add(numbers[0]);
    maximum.add(numbers[2]);
  }
}
