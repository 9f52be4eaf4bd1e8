using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fota.UpdateServer;

/// <summary>What one client may take of this server, whatever it sends (A53).</summary>
internal static class ServerLimits
{
    /// <summary>Longest body in bytes, unless an endpoint says otherwise.</summary>
    public const int DefaultBodyBytes = 64 * 1024;

    /// <summary>Longest header block in bytes.</summary>
    public const int HeaderBytes = 16 * 1024;

    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Longest time that a request takes, but for those that carry content of any size: these have a lowest speed.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Longest time that a publication takes to come and to be verified: the largest one, at a megabyte a second.</summary>
    public static readonly TimeSpan UploadTimeout = TimeSpan.FromHours(6);

    private const int ConcurrentConnections = 10_000;

    /// <summary>Below this a body is given up: a slow client holds a connection, and there are only so many.</summary>
    private static readonly MinDataRate s_slowestBody = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    public static void Apply(KestrelServerLimits limits)
    {
        limits.MaxRequestBodySize = DefaultBodyBytes;
        limits.MaxRequestHeadersTotalSize = HeaderBytes;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 4 * 1024;
        limits.MaxConcurrentConnections = ConcurrentConnections;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        limits.MinRequestBodyDataRate = s_slowestBody;
        limits.MinResponseDataRate = s_slowestBody;
    }
}
