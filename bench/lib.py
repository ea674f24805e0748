"""Shared pieces of the yardsticks: processes, /proc readings, HTTP client, report lines."""
import atexit, gzip, http.client, json, os, random, shlex, shutil, signal, socket, statistics
import subprocess, sys, tempfile, time, urllib.parse

TICK = os.sysconf("SC_CLK_TCK")
HERE = os.path.dirname(os.path.abspath(__file__))
_alive = []


def workdir():
    d = tempfile.mkdtemp(prefix="bench-")
    if not os.environ.get("BENCH_KEEP"):
        atexit.register(shutil.rmtree, d, True)
    return d


def free_port():
    """A free port below the ephemeral range, so that no outgoing connection can take it meanwhile."""
    while True:
        port = random.randint(18000, 31000)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Proc:
    """A command in its own session; readings and signals cover its whole process tree."""

    def __init__(self, cmd, log=None, env=None, cwd=None):
        self.cmd = cmd if isinstance(cmd, list) else shlex.split(cmd)
        out = open(log, "ab") if log else subprocess.DEVNULL
        self.log = log
        self.t0 = time.perf_counter()
        self.p = subprocess.Popen(self.cmd, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                  start_new_session=True, cwd=cwd, env={**os.environ, **(env or {})})
        self.pid = self.p.pid
        _alive.append(self)

    def pids(self):
        stats = {}
        for d in os.listdir("/proc"):
            if d.isdigit():
                f = _stat(d)
                if f:
                    stats[int(d)] = (int(f[1]), int(f[3]))  # parent, session
        mine, grew = {p for p, (_, s) in stats.items() if s == self.pid or p == self.pid}, True
        while grew:
            more = {p for p, (pp, _) in stats.items() if pp in mine} - mine
            mine |= more
            grew = bool(more)
        return mine

    def cpu(self):
        """CPU seconds so far, children already reaped included."""
        total = 0
        for p in self.pids():
            f = _stat(p)
            if f:
                total += sum(int(x) for x in f[11:15])
        return total / TICK

    def cpu_fine(self):
        """CPU seconds of the threads alive now, at nanosecond resolution: for idle processes."""
        total = 0
        for p in self.pids():
            try:
                for t in os.listdir(f"/proc/{p}/task"):
                    with open(f"/proc/{p}/task/{t}/schedstat") as fh:
                        total += int(fh.read().split()[0])
            except OSError:
                pass
        return total / 1e9

    def mem(self):
        """(RSS, PSS) in MiB."""
        rss = pss = 0
        for p in self.pids():
            try:
                with open(f"/proc/{p}/smaps_rollup") as fh:
                    for line in fh:
                        if line.startswith("Rss:"):
                            rss += int(line.split()[1])
                        elif line.startswith("Pss:"):
                            pss += int(line.split()[1])
            except OSError:
                pass
        return rss / 1024, pss / 1024

    def check(self):
        if self.p.poll() is not None:
            tail = open(self.log, errors="replace").read()[-2000:] if self.log else ""
            sys.exit(f"exited with {self.p.returncode}: {' '.join(self.cmd)}\n{tail}")

    def stop(self):
        if self in _alive:
            _alive.remove(self)
        for sig, wait in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
            try:
                os.killpg(self.pid, sig)
            except ProcessLookupError:
                pass
            try:
                self.p.wait(wait)
            except subprocess.TimeoutExpired:
                continue
            break
        try:
            os.killpg(self.pid, signal.SIGKILL)  # what the leader left behind in its group
        except (ProcessLookupError, PermissionError):
            pass


def _stat(pid):
    """Fields of /proc/PID/stat after the command name: [0] state, [1] ppid, [3] session, [11:15] CPU."""
    try:
        with open(f"/proc/{pid}/stat") as fh:
            return fh.read().rpartition(")")[2].split()
    except OSError:
        return None


@atexit.register
def stop_all():
    for p in list(_alive):
        p.stop()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Client:
    """Keep-alive GETs with the headers a Prometheus server sends."""

    def __init__(self, url, gz=True):
        u = urllib.parse.urlsplit(url)
        self.addr = (u.hostname, u.port or 80)
        self.path = (u.path or "/") + ("?" + u.query if u.query else "")
        self.headers = {"Accept": "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                        "Accept-Encoding": "gzip" if gz else "identity",
                        "User-Agent": "Prometheus/3.5.0", "X-Prometheus-Scrape-Timeout-Seconds": "10"}
        self.c = None

    def get(self, timeout=10):
        """(status, raw body, Content-Encoding); one reconnect when a kept connection was closed."""
        for again in (True, False):
            kept = self.c is not None
            if not kept:
                self.c = http.client.HTTPConnection(*self.addr, timeout=timeout)
            try:
                self.c.request("GET", self.path, headers=self.headers)
                r = self.c.getresponse()
                body = r.read()
                if r.will_close:
                    self.close()
                return r.status, body, r.getheader("Content-Encoding")
            except (OSError, http.client.HTTPException):
                self.close()
                if not (kept and again):
                    raise

    def text(self, timeout=10):
        status, body, enc = self.get(timeout)
        return status, (gzip.decompress(body) if enc == "gzip" else body).decode()

    def close(self):
        if self.c:
            self.c.close()
        self.c = None


def wait_200(proc, url, limit=90):
    """Milliseconds from the start of proc to its first 200."""
    while time.perf_counter() - proc.t0 < limit:
        proc.check()
        try:
            if Client(url).get(2)[0] == 200:
                return (time.perf_counter() - proc.t0) * 1e3
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.002)
    sys.exit(f"no 200 from {url} after {limit} s")


def wait_port(proc, port, limit=60):
    while time.perf_counter() - proc.t0 < limit:
        proc.check()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    sys.exit(f"port {port} stays closed: {' '.join(proc.cmd)}")


def fill(template, **values):
    """Replaces {name} for the given names only, so that other braces may stay."""
    for k, v in values.items():
        template = template.replace("{" + k + "}", str(v))
    return template


def pct(xs, q):
    xs = sorted(xs)
    return xs[min(len(xs) - 1, round(q / 100 * (len(xs) - 1)))] if xs else float("nan")


median = statistics.median


class Report:
    """`name ours peer ratio` lines; --json adds one JSON object at the end."""

    def __init__(self, title):
        self.title, self.rows, self.before = title, [], None
        print(f"# {title}\n# {'name':<34}{'ours':>12}{'peer':>12}{'ours/peer':>11}", flush=True)

    def row(self, name, ours, peer):
        ratio = ours / peer if peer else float("nan")
        known = lambda x, digits: None if x != x else round(x, digits)
        self.rows.append({"name": name, "ours": known(ours, 4), "peer": known(peer, 4), "ratio": known(ratio, 3)})
        print(f"{name:<36}{ours:>12.3f}{peer:>12.3f}{ratio:>11.2f}", flush=True)

    def end(self, as_json):
        if as_json:
            print(json.dumps({"bench": self.title, "rows": self.rows}))


def common_args(ap):
    ap.add_argument("--peers", default=os.environ.get("BENCH_PEERS", os.path.join(HERE, "..", "target", "peers")),
                    help="directory filled by deploy/peers.sh (default: $BENCH_PEERS or target/peers)")
    ap.add_argument("--json", action="store_true")


def peer_bin(args, name):
    path = os.path.join(args.peers, "bin", name)
    if not os.path.exists(path):
        sys.exit(f"{path} is missing; run: deploy/peers.sh install {args.peers}")
    return path


def http_duel(report, sides, n, block, warm, idle_s, starts, check, gz=True, settle=0):
    """Starts both sides, then interleaves GETs.

    sides: [(label, start() -> Proc, url)] with ours first; check(label, status, text) may exit.
    """
    first = [[], []]
    for i in range(starts):                      # cold starts, alternating
        for s in ((0, 1) if i % 2 == 0 else (1, 0)):
            p = sides[s][1]()
            first[s].append(wait_200(p, sides[s][2]))
            p.stop()
    procs, clients = [], []
    for s, (_, start, url) in enumerate(sides):
        p = start()
        first[s].append(wait_200(p, url))
        procs.append(p)
        clients.append(Client(url, gz))
    report.row("start_to_first_200_ms", median(first[0]), median(first[1]))
    time.sleep(settle)
    if report.before:
        report.before([c.text()[1] for c in clients])

    def burst(s, count, out):
        for _ in range(count):
            t = time.perf_counter()
            status, body, enc = clients[s].get()
            out.append((time.perf_counter() - t) * 1e3)
            if status != 200:
                sys.exit(f"{sides[s][0]}: status {status}")
        check(sides[s][0], *clients[s].text())   # outside the timing; costs one more GET per block

    for s in (0, 1):
        burst(s, warm, [])
    lat, own = [[], []], [0.0, 0.0]
    cpu0 = [p.cpu() for p in procs]
    for b in range(-(-n // block)):
        for s in ((0, 1) if b % 2 == 0 else (1, 0)):
            c0 = procs[s].cpu()
            burst(s, block, lat[s])
            own[s] += procs[s].cpu() - c0
    total = [p.cpu() - c for p, c in zip(procs, cpu0)]
    done = len(lat[0]) * (1 + 1 / block)
    report.row("cpu_s_per_100", total[0] / done * 100, total[1] / done * 100)
    report.row("cpu_s_per_100_own_blocks_only", own[0] / done * 100, own[1] / done * 100)
    for q in (50, 99):
        report.row(f"p{q}_ms", pct(lat[0], q), pct(lat[1], q))
    mem = [p.mem() for p in procs]
    report.row("rss_mib", mem[0][0], mem[1][0])
    report.row("pss_mib", mem[0][1], mem[1][1])
    for c in clients:
        c.close()
    if idle_s:
        cpu0 = [(p.cpu(), p.cpu_fine()) for p in procs]
        time.sleep(idle_s)
        idle = [max(p.cpu() - c, p.cpu_fine() - f) / idle_s * 100 for p, (c, f) in zip(procs, cpu0)]
        report.row(f"idle_cpu_percent_{idle_s:g}s", idle[0], idle[1])
    for p in procs:
        p.check()
        p.stop()
