package vigie.agent.metric;

import java.util.List;
import vigie.agent.reader.NoDataException;
import vigie.agent.reader.SysctlReader;

/** {@code node_kernel_hung_tasks_total}: tasks that the kernel found stuck. */
final class HungTaskMetrics implements Subject {
  private final Family tasks =
      Family.counter(
          "node_kernel_hung_tasks_total", "Tasks found stuck in the kernel, since boot.");
  private final SysctlReader sysctl;

  HungTaskMetrics(SysctlReader sysctl) {
    this.sysctl = sysctl;
  }

  @Override
  public String name() {
    return "kernel_hung";
  }

  @Override
  public List<Family> families() {
    return List.of(tasks);
  }

  @Override
  public void collect() throws NoDataException {
    double count = sysctl.number("kernel/hung_task_detect_count");
    if (Double.isNaN(count)) {
      throw new NoDataException(
          "no number in /proc/sys/kernel/hung_task_detect_count; kernels tell it since 6.13");
    }
    tasks.add(count);
  }
}
