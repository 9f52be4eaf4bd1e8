using System.Net;
using Fota.Cli.Audit;
using Fota.Manifest.Log;

namespace Fota.Cli.Tests;

/// <summary>A07: where an auditor reads a log is nobody that he trusts, and holds his command no longer than he allows.</summary>
public sealed class LogSourceTests
{
    [Test]
    [CancelAfter(60_000)]
    public void A07_Server_that_sends_headers_and_one_byte_does_not_hold_the_audit(CancellationToken cancellation)
    {
        StoppedClock clock = new();
        ITileSource source = LogSources.Over(new OneByte(clock), new Uri("http://log.example/"), clock);
        Task<byte[]?> read = Task.Run(() => source.Read("checkpoint", 1000), cancellation);
        Assert.That(async () => await read.WaitAsync(cancellation), Throws.TypeOf<CommandFailedException>().With.Message.EqualTo("checkpoint: wanted the whole of it within 120 seconds, got less"));
    }

    /// <summary>A clock whose time comes when it is told so.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        private Action? _due;

        public void Ring() => _due!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _due = () => callback(state);
            return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class OneByte(StoppedClock clock) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Standing(clock)) });
    }

    // One byte, and when the next is asked for the time is over; it never comes.
    private sealed class Standing(StoppedClock clock) : MemoryStream([1])
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position < Length)
            {
                return Read(buffer.Span);
            }

            clock.Ring();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return 0;
        }
    }
}
