using System.Net.Sockets;
using Fota.DeviceAgent.Daemon;

namespace Fota.DeviceAgent.Tests;

/// <summary>The service manager's watchdog is answered while the agent goes forward, or waits for a time of its own choosing, and not while it hangs.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class WatchdogTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-watchdog-");
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly ManualTime _time = new();
    private readonly ServiceManager _connection;
    private readonly SignsOfLife _life;
    private readonly Action<AgentEvent> _agent;

    public WatchdogTests()
    {
        string socket = Path.Combine(_folder.FullName, "notify");
        _manager.Bind(new UnixDomainSocketEndPoint(socket));
        _connection = ServiceManager.Connect(name => name switch { "NOTIFY_SOCKET" => socket, "WATCHDOG_USEC" => "300000000", _ => null });
        _life = new SignsOfLife(_connection, _time);
        _agent = _life.Watching(static _ => { });
    }

    public void Dispose()
    {
        _life.Dispose();
        _connection.Dispose();
        _manager.Dispose();
        _folder.Delete(recursive: true);
    }

    [Test]
    public void Agent_that_says_nothing_for_longer_than_a_step_may_take_is_not_answered_for()
    {
        _time.Pass(SignsOfLife.LongestStep - TimeSpan.FromSeconds(1));
        Assert.That(Answers(), Is.True);
        _time.Pass(TimeSpan.FromSeconds(1));
        Assert.That(Answers(), Is.False);
        _agent(new AgentEvent.Transfer(Manifest.ReleaseVersion.Parse("1.0.0"), 1, 2));
        Assert.That(Answers(), Is.True, "it goes forward");
    }

    [Test]
    public void Agent_that_sleeps_for_days_is_answered_for_until_it_should_have_woken_up()
    {
        _agent(new AgentEvent.Sleeping(TimeSpan.FromDays(3)));
        _time.Pass(TimeSpan.FromDays(3));
        Assert.That(Answers(), Is.True);
        _time.Pass(SignsOfLife.LongestStep);
        Assert.That(Answers(), Is.False, "it overslept");
    }

    private bool Answers()
    {
        _time.Tick();
        bool answered = _manager.Available > 0;
        while (_manager.Available > 0)
        {
            _manager.Receive(new byte[64]);
        }

        return answered;
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now;
        private Action _tick = static () => { };

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Pass(TimeSpan time) => _now += time.Ticks;

        public void Tick() => _tick();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _tick = () => callback(state);
            return new NoTimer();
        }

        private sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
