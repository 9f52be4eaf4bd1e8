using Fota.Manifest;

namespace Fota.TestKit;

/// <summary>Lets a test say in one line why an input was refused.</summary>
public static class VerdictReading
{
    /// <summary>The reason of a refusal; None if the input was accepted.</summary>
    public static RejectionReason Reason<T>(this Verdict<T> verdict)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(verdict);
        return verdict.IsAccepted(out _, out Rejection? rejection) ? RejectionReason.None : rejection.Reason;
    }
}
