using System.Globalization;

namespace Fota.Signer.Repository;

/// <summary>Ends an exchange in which nothing moves any more. It begins anew with each piece that is taken in, so that size alone never ends one.</summary>
internal sealed class SendingDeadline : IDisposable
{
    private static readonly TimeSpan s_progressPatience = TimeSpan.FromMinutes(2);

    // By then the server has unpacked and hashed every image of the publication.
    private static readonly TimeSpan s_answerPatience = TimeSpan.FromMinutes(30);

    private readonly CancellationTokenSource _over;
    private readonly CancellationTokenSource _linked;
    private long _taken;
    private bool _isSent;

    public SendingDeadline(TimeProvider clock, CancellationToken cancellation)
    {
        _over = new CancellationTokenSource(s_progressPatience, clock);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, cancellation);
    }

    public CancellationToken Token => _linked.Token;

    public bool IsOver => _over.IsCancellationRequested;

    /// <summary>What did not happen in time, for people.</summary>
    public string Missed => _isSent
        ? string.Create(CultureInfo.InvariantCulture, $"no answer within {s_answerPatience.TotalMinutes} minutes after all {_taken} bytes were sent")
        : string.Create(CultureInfo.InvariantCulture, $"no progress for {s_progressPatience.TotalSeconds} s after {_taken} bytes");

    public void Progressed(int bytes)
    {
        _taken += bytes;
        _over.CancelAfter(s_progressPatience);
    }

    /// <summary>Everything was sent; the answer is waited for.</summary>
    public void Sent()
    {
        _isSent = true;
        _over.CancelAfter(s_answerPatience);
    }

    public void Dispose()
    {
        _linked.Dispose();
        _over.Dispose();
    }
}
