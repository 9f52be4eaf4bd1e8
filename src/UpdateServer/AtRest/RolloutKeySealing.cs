using System.Data.Common;
using System.Globalization;
using Dapper;

namespace Fota.UpdateServer.AtRest;

/// <summary>At a start: proves that every sealed key of a rollout can be opened, and seals those that are not, or with a key that is not the first one any more.</summary>
internal static class RolloutKeySealing
{
    /// <summary>Where a rollout's key lies.</summary>
    public static StoredPlace PlaceOf(long rollout) => new("rollouts", "member_key", rollout.ToString(CultureInfo.InvariantCulture));

    /// <summary>Does it, in a transaction of the caller's, while nobody else adds a rollout.</summary>
    /// <returns>How many were sealed.</returns>
    /// <exception cref="Storage.StoreUnavailableException">A key is missing; nothing was changed.</exception>
    /// <exception cref="InvalidDataException">A sealed value was changed, or moved; nothing was changed.</exception>
    public static int Apply(DbConnection connection, DbTransaction transaction, AtRestKeys keys)
    {
        int count = 0;
        foreach (KeyRow row in connection.Query<KeyRow>("SELECT number, member_key AS MemberKey, member_key_sealed AS MemberKeySealed FROM rollouts ORDER BY number", transaction: transaction))
        {
            byte[] key = row.MemberKeySealed is { } found ? keys.Open(found, PlaceOf(row.Number)) : row.MemberKey;
            if (keys.Seals && (row.MemberKeySealed is null || !keys.IsCurrent(row.MemberKeySealed)))
            {
                connection.Execute(
                    "UPDATE rollouts SET member_key = @Nothing, member_key_sealed = @Sealed WHERE number = @Number",
                    new { Nothing = Array.Empty<byte>(), Sealed = keys.Seal(key, PlaceOf(row.Number)), row.Number },
                    transaction);
                count++;
            }
        }

        return count;
    }

    private sealed class KeyRow
    {
        public required long Number { get; init; }

        public required byte[] MemberKey { get; init; }

        public byte[]? MemberKeySealed { get; init; }
    }
}
