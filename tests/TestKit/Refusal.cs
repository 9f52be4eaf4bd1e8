using Fota.Manifest;
using NUnit.Framework;

namespace Fota.TestKit;

/// <summary>Asserts on verdicts: always the reason, never just "it failed".</summary>
public static class Refusal
{
    /// <summary>The verdict is a refusal for exactly this reason.</summary>
    public static Rejection IsRefusedFor<T>(this Verdict<T> verdict, RejectionReason reason)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(verdict);
        bool accepted = verdict.IsAccepted(out _, out Rejection? rejection);
        Assert.That(accepted, Is.False, $"accepted, wanted a refusal for {reason}");
        Assert.That(rejection!.Reason, Is.EqualTo(reason), rejection.Detail);
        Assert.That(rejection.Detail, Is.Not.Empty);
        return rejection;
    }

    /// <summary>The verdict is an acceptance.</summary>
    public static T IsAccepted<T>(this Verdict<T> verdict)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(verdict);
        bool accepted = verdict.IsAccepted(out T? value, out Rejection? rejection);
        Assert.That(accepted, Is.True, rejection?.ToString());
        return value!;
    }

    /// <summary>Every way to cut <paramref name="document"/> short is refused.</summary>
    public static void EveryTruncation(byte[] document, Func<byte[], bool> isAccepted)
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentNullException.ThrowIfNull(isAccepted);
        Assert.That(isAccepted(document), Is.True, "the whole document must be accepted, or this proves nothing");
        for (int length = 0; length < document.Length; length++)
        {
            Assert.That(isAccepted(document[..length]), Is.False, $"accepted {length} of {document.Length} bytes");
        }
    }

    /// <summary>Every single-bit flip of <paramref name="document"/> is refused.</summary>
    public static void EveryBitFlip(byte[] document, Func<byte[], bool> isAccepted)
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentNullException.ThrowIfNull(isAccepted);
        Assert.That(isAccepted(document), Is.True, "the whole document must be accepted, or this proves nothing");
        for (int bit = 0; bit < 8 * document.Length; bit++)
        {
            byte[] flipped = [.. document];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(isAccepted(flipped), Is.False, $"accepted with bit {bit % 8} of byte {bit / 8} flipped");
        }
    }
}
