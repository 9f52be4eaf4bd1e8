using System.Net;
using Fota.Cli.Audit;
using Fota.Manifest.Log;

namespace Fota.Cli.Tests;

/// <summary>A07: where an auditor reads a log is nobody that he trusts, and holds his command no longer than he allows.</summary>
public sealed class LogSourceTests
{
    [Test]
    public void A07_Server_that_sends_headers_and_one_byte_does_not_hold_the_audit()
    {
        StoppedClock clock = new();
        ITileSource source = LogSources.Over(new OneByte(clock), new Uri("http://log.example/"), clock);
        Assert.That(() => source.Read("checkpoint", 1000), Throws.TypeOf<CommandFailedException>().With.Message.EqualTo("checkpoint: wanted the whole of it within 120 seconds, got less"));
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

    // One byte; when the next is asked for, the time is over. Whoever does not look at the clock then takes it for the end.
    private sealed class Standing(StoppedClock clock) : MemoryStream([1])
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position < Length)
            {
                return ValueTask.FromResult(Read(buffer.Span));
            }

            clock.Ring();
            return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken) : ValueTask.FromResult(0);
        }
    }
}
