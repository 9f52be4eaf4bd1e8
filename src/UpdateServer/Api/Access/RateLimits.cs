using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Api.Access;

/// <summary>How often somebody may ask (A53). Buckets of callers who are not heard of any more are let go of by the framework.</summary>
internal sealed class RateLimits(RateSettings settings) : IDisposable
{
    private const int PrefixBytes = 8, NewsMinutes = 2;

    private static readonly Task<bool> s_taken = Task.FromResult(true);

    // Null where no rate is wanted: nothing is asked then.
    private readonly PartitionedRateLimiter<string>? _addresses = Create(settings.AddressPerMinute), _devices = Create(settings.DevicePerMinute), _people = Create(settings.PersonPerMinute), _news = Create(settings.NewsPerMinute, NewsMinutes);

    /// <summary>Whether a network address may ask now; answers if not. Of IPv6 it is the 64 bits of which one site has the rest.</summary>
    public Task<bool> TakesAddressAsync(HttpContext context) => _addresses is null ? s_taken : TakesAsync(_addresses, context, KeyOf(context.Connection.RemoteIpAddress));

    /// <summary>Whether a device may ask now; answers if not.</summary>
    public Task<bool> TakesDeviceAsync(HttpContext context, string device) => _devices is null ? s_taken : TakesAsync(_devices, context, device);

    /// <summary>Takes one more report of a device that is kept for ever.</summary>
    /// <exception cref="TooManyRequestsException">There were too many.</exception>
    public void DemandNews(DeviceIdentity device)
    {
        // By product as well: whoever has but the name of a device uses up nothing of what is its.
        using RateLimitLease? lease = _news?.AttemptAcquire($"{device.Product} {device.Device}");
        if (lease is { IsAcquired: false })
        {
            throw new TooManyRequestsException(WaitOf(lease), "wanted fewer reports of something new, got more than are kept of one device in a minute");
        }
    }

    /// <summary>Whether a person may ask now by this credential; answers if not.</summary>
    public Task<bool> TakesPersonAsync(HttpContext context, string credential) => _people is null ? s_taken : TakesAsync(_people, context, credential);

    public void Dispose()
    {
        _addresses?.Dispose();
        _devices?.Dispose();
        _people?.Dispose();
        _news?.Dispose();
    }

    private static async Task<bool> TakesAsync(PartitionedRateLimiter<string> limiter, HttpContext context, string caller)
    {
        using RateLimitLease lease = limiter.AttemptAcquire(caller);
        if (!lease.IsAcquired)
        {
            await Problems.TooManyRequests(context, WaitOf(lease), "wanted fewer requests, got more than are taken in a minute").ExecuteAsync(context);
        }

        return lease.IsAcquired;
    }

    private static TimeSpan WaitOf(RateLimitLease refused) => refused.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? after : TimeSpan.FromMinutes(1);

    private static PartitionedRateLimiter<string>? Create(int perMinute, int minutes = 1)
    {
        if (perMinute == 0)
        {
            return null;
        }

        TokenBucketRateLimiterOptions bucket = new()
        {
            TokenLimit = perMinute * minutes,
            TokensPerPeriod = Math.Max(1, perMinute / 60),
            ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, 60.0 / perMinute)),
            QueueLimit = 0,
        };
        return PartitionedRateLimiter.Create<string, string>(caller => RateLimitPartition.GetTokenBucketLimiter(caller, _ => bucket), StringComparer.Ordinal);
    }

    private static string KeyOf(IPAddress? address) =>
        address is null ? ""
        : address.IsIPv4MappedToIPv6 ? address.MapToIPv4().ToString()
        : address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes(), 0, PrefixBytes)
        : address.ToString();
}
