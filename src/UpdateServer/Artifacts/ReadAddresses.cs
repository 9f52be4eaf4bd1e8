using Fota.Manifest.Reports;

namespace Fota.UpdateServer.Artifacts;

/// <summary>Where devices may read content without this server, in memory: check-ins are answered from it.</summary>
internal sealed class ReadAddresses
{
    /// <summary>How often it is looked whether a new one is needed.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(30);

    /// <summary>Devices' and the storage's clocks may be so far behind.</summary>
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(5);

    private readonly Uri? _address;
    private readonly Signer? _sign;
    private readonly TimeSpan _life;
    private readonly TimeProvider _time;
    private volatile Signed? _current;

    /// <summary>Gives the query of an address that is good from one moment to another.</summary>
    public delegate Task<string> Signer(DateTimeOffset from, DateTimeOffset until, CancellationToken cancellation);

    /// <param name="address">Where content lies, by its digest, ending in '/'; null where devices are not sent anywhere.</param>
    /// <param name="sign">Null where everybody may read there.</param>
    /// <param name="life">How long a signature is good.</param>
    /// <param name="time">The clock.</param>
    public ReadAddresses(Uri? address, Signer? sign, TimeSpan life, TimeProvider time) => (_address, _sign, _life, _time) = (address, sign, life, time);

    /// <summary>Devices are sent nowhere.</summary>
    public static ReadAddresses None { get; } = new(null, null, TimeSpan.Zero, TimeProvider.System);

    /// <summary>Whether <see cref="RenewAsync"/> has ever anything to do.</summary>
    public bool AreSigned => _address is not null && _sign is not null;

    /// <summary>For a device that has something to fetch; null when it had better ask this server, for example since there is no signature that will be good for a while.</summary>
    public ContentSource? Current => (_address, _sign, _current) switch
    {
        (null, _, _) => null,
        ({ } address, null, _) => new ContentSource(address, ""),
        ({ } address, _, { } signed) when _time.GetUtcNow() < signed.Until - (_life / 4) => new ContentSource(address, signed.Query),
        _ => null,
    };

    /// <summary>Signs anew when half of the time is over.</summary>
    /// <exception cref="Storage.StoreUnavailableException">It cannot be signed now; what is there is good until its end.</exception>
    public async Task RenewAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (AreSigned && (_current is null || now >= _current.Until - (_life / 2)))
        {
            DateTimeOffset until = now + _life;
            _current = new Signed(await _sign!(now - s_skew, until, cancellation), until);
        }
    }

    private sealed record Signed(string Query, DateTimeOffset Until);
}
