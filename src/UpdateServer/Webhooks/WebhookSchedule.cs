namespace Fota.UpdateServer.Webhooks;

/// <summary>When a message that did not arrive is tried again. Bounded: after that it is given up, and operators see it.</summary>
internal static class WebhookSchedule
{
    private static readonly TimeSpan[] s_pauses =
    [
        TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(8), TimeSpan.FromHours(12),
        TimeSpan.FromHours(24),
    ];

    /// <summary>How often a message is tried at most.</summary>
    public static int Attempts => s_pauses.Length + 1;

    /// <summary>When to try again; null for never.</summary>
    /// <param name="attempts">How often it was tried, at least once.</param>
    /// <param name="now">The moment.</param>
    public static DateTimeOffset? Next(int attempts, DateTimeOffset now) => attempts <= s_pauses.Length ? now + s_pauses[attempts - 1] : null;
}
