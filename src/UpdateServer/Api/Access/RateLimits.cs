using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.Api.Access;

/// <summary>How often somebody may ask (A53). Buckets of callers who are not heard of any more are let go of by the framework.</summary>
internal sealed class RateLimits(RateSettings settings) : IDisposable
{
    private const int PrefixBytes = 8;

    private readonly PartitionedRateLimiter<string> _devices = Create(settings.DevicePerMinute), _people = Create(settings.PersonPerMinute);

    /// <summary>By network address; of IPv6 by the 64 bits of which one site has the rest.</summary>
    public PartitionedRateLimiter<HttpContext> Addresses { get; } = PartitionedRateLimiter.Create<HttpContext, string>(context => Partition(KeyOf(context.Connection.RemoteIpAddress), settings.AddressPerMinute));

    /// <summary>Whether a device may ask now; answers if not.</summary>
    public Task<bool> TakesDeviceAsync(HttpContext context, string device) => TakesAsync(_devices, context, device);

    /// <summary>Whether a person may ask now by this credential; answers if not.</summary>
    public Task<bool> TakesPersonAsync(HttpContext context, string credential) => TakesAsync(_people, context, credential);

    /// <summary>Says no, and when to come again.</summary>
    public static Task RefuseAsync(HttpContext context, RateLimitLease lease)
    {
        TimeSpan wait = lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? after : TimeSpan.FromMinutes(1);
        context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Problems.Of(StatusCodes.Status429TooManyRequests, ProblemCodes.TooManyRequests, "wanted fewer requests, got more than are taken in a minute").ExecuteAsync(context);
    }

    public void Dispose()
    {
        Addresses.Dispose();
        _devices.Dispose();
        _people.Dispose();
    }

    private static async Task<bool> TakesAsync(PartitionedRateLimiter<string> limiter, HttpContext context, string caller)
    {
        using RateLimitLease lease = limiter.AttemptAcquire(caller);
        if (!lease.IsAcquired)
        {
            await RefuseAsync(context, lease);
        }

        return lease.IsAcquired;
    }

    private static PartitionedRateLimiter<string> Create(int perMinute) => PartitionedRateLimiter.Create<string, string>(caller => Partition(caller, perMinute), StringComparer.Ordinal);

    private static RateLimitPartition<string> Partition(string caller, int perMinute) => perMinute == 0
        ? RateLimitPartition.GetNoLimiter(caller)
        : RateLimitPartition.GetTokenBucketLimiter(caller, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = perMinute,
            TokensPerPeriod = Math.Max(1, perMinute / 60),
            ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, 60.0 / perMinute)),
            QueueLimit = 0,
        });

    private static string KeyOf(IPAddress? address) =>
        address is null ? ""
        : address.IsIPv4MappedToIPv6 ? address.MapToIPv4().ToString()
        : address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes(), 0, PrefixBytes)
        : address.ToString();
}
