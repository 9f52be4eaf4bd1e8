namespace Fota.UpdateServer.Rollouts;

/// <summary>How a grant came to its end. Ordered: of two that are judged together the worse one counts, whichever was said first.</summary>
internal enum Ending
{
    /// <summary>It has not.</summary>
    None = 0,

    /// <summary>The release was confirmed with the device's signature.</summary>
    Confirmed,

    /// <summary>It was, without one.</summary>
    Reported,

    /// <summary>It failed, and the device is asked again.</summary>
    Retried,

    /// <summary>It failed for good.</summary>
    Failed,
}

/// <summary>An ending that is not judged yet.</summary>
/// <param name="Before">The member as it was, still holding its grant: what else is said of that is held against this.</param>
/// <param name="Ending">The worst that was said so far.</param>
internal sealed record UnjudgedEnding(Member Before, Ending Ending);
