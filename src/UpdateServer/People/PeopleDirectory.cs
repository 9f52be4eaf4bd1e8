using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.People;

/// <summary>Who is who here, and what their credentials are good for. Read from memory, changed one at a time, stored before it shows.</summary>
internal sealed class PeopleDirectory : ISharedMemory
{
    /// <summary>In the data folder: the first token of an installation.</summary>
    public const string BootstrapFile = "bootstrap-token";

    /// <summary>Whose that is.</summary>
    public const string BootstrapPerson = "bootstrap";

    /// <summary>What tokens begin with, so that one that lies about is known for what it is. The first one has no beginning of its own.</summary>
    public const string TokenPrefix = "fota_";

    /// <summary>How long a token can be good for.</summary>
    public const int MaxTokenDays = 366;

    private const int TokenSize = 32;
    private const int MaxTokensOfOne = 64;
    private const int IdLength = 16;

    private readonly Lock _gate = new();
    private readonly IPeopleStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly IReadOnlyCollection<IdentityKind> _taken;

    private volatile PeopleSnapshot _now;

    /// <summary>The number of the newest change that <see cref="_now"/> has.</summary>
    private long _number;

    /// <param name="store">Where they are kept.</param>
    /// <param name="directory">The data folder.</param>
    /// <param name="taken">The kinds of identity by which an administrator can come to this server.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where changes are told.</param>
    public PeopleDirectory(IPeopleStore store, string directory, IReadOnlyCollection<IdentityKind> taken, TimeProvider time, ILogger log)
    {
        (_store, _taken, _time, _log) = (store, taken, time, log);
        _now = Read();
        if (!_now.HasAdministrator(time.GetUtcNow(), taken))
        {
            Bootstrap(directory);
        }
    }

    /// <summary>Everybody who is here, by name.</summary>
    public IReadOnlyList<Person> People => [.. _now.People.Values.Where(static p => p.Removed is null)];

    /// <summary>The person with this name; null if there is none.</summary>
    public Person? Find(string name) => _now.Find(name);

    /// <summary>Their tokens, the oldest first.</summary>
    public IReadOnlyList<ApiToken> TokensOf(string person) => [.. _now.TokensOf(person)];

    /// <inheritdoc/>
    public string Topic => Topics.People;

    /// <inheritdoc/>
    public void CatchUp()
    {
        lock (_gate)
        {
            _now = Read();
        }
    }

    /// <summary>Whose token it is; null if it is worth nothing.</summary>
    /// <param name="text">The token.</param>
    /// <param name="isOurs">Whether it is, or was, one of this server's: such a one is nobody else's business.</param>
    public Caller? FindByToken(string text, out bool isOurs)
    {
        PeopleSnapshot now = _now;
        bool known = now.Tokens.TryGetValue(DigestOf(text), out ApiToken? token);
        isOurs = known || text.StartsWith(TokenPrefix, StringComparison.Ordinal);
        return known && token!.IsGood(_time.GetUtcNow()) && now.Find(token.Person) is { } person
            ? new Caller(person.Name, CredentialKind.Token, token.Id, Narrow(person, token.Roles), token.Expires)
            : null;
    }

    /// <summary>Who is known by these identities, which are one credential's; null if nobody is, or more than one.</summary>
    /// <param name="identities">What the credential says.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="credential">Which one.</param>
    /// <param name="roles">The only roles that it has, of those of the person.</param>
    /// <param name="expires">Until when it is good.</param>
    public Caller? FindByIdentity(IEnumerable<PersonIdentity> identities, CredentialKind kind, string credential, Role roles, DateTimeOffset? expires)
    {
        PeopleSnapshot now = _now;
        string[] names = [.. identities.Select(i => now.Identities.GetValueOrDefault(i)).OfType<string>().Distinct(StringComparer.Ordinal)];
        return names.Length == 1 && now.Find(names[0]) is { } person ? new Caller(person.Name, kind, credential, Narrow(person, roles), expires) : null;
    }

    /// <summary>Makes somebody known, or changes what they may do and are known by; the whole is replaced.</summary>
    /// <exception cref="AccessRefusedException">The name is none, an identity is somebody else's, or no administrator would be left.</exception>
    public Person Set(string name, ImmutableArray<Grant> grants, ImmutableArray<PersonIdentity> identities, string by)
    {
        lock (_gate)
        {
            if (!PersonName.IsName(name))
            {
                throw new AccessRefusedException(AccessRefusedException.NoName, "operator: wanted a name of 1 to 64 of a-z, 0-9 and '.-_@+', a letter or digit first, and not one of the server's own, got another");
            }

            if (identities.FirstOrDefault(i => _now.Identities.TryGetValue(i, out string? other) && other != name) is { } taken)
            {
                throw new AccessRefusedException(AccessRefusedException.Taken, $"operator: wanted identities that are nobody else's, got {taken.Value}, which is {_now.Identities[taken]}'s");
            }

            DateTimeOffset moment = _time.GetUtcNow();
            Person person = new(name) { Grants = grants, Identities = identities, Created = _now.People.GetValueOrDefault(name)?.Created ?? moment };
            Commit(new PeopleChange(person, []), new AccessDecision(moment, by, AccessDecisionKind.PersonSet, name, Describe(person)) { ForLog = DescribeForLog(person) });
            return person;
        }
    }

    /// <summary>Lets no credential speak for somebody any more. Their name stays theirs.</summary>
    /// <returns>False when nobody here has the name.</returns>
    /// <exception cref="AccessRefusedException">No administrator would be left.</exception>
    public bool Remove(string name, string by)
    {
        lock (_gate)
        {
            if (_now.Find(name) is not { } person)
            {
                return false;
            }

            DateTimeOffset moment = _time.GetUtcNow();
            Person removed = person with { Grants = [], Identities = [], Removed = moment };
            ApiToken[] tokens = [.. _now.TokensOf(name).Where(static t => t.Revoked is null).Select(t => t with { Revoked = moment })];
            Commit(new PeopleChange(removed, tokens), new AccessDecision(moment, by, AccessDecisionKind.PersonRemoved, name, $"{tokens.Length} tokens were revoked"));
            return true;
        }
    }

    /// <summary>Makes a token. Its text is given here and never again.</summary>
    /// <returns>Null when nobody here has the name.</returns>
    /// <exception cref="AccessRefusedException">They have too many, or one of this name.</exception>
    public (ApiToken Token, string Text)? CreateToken(string person, string name, Role roles, TimeSpan life, string by)
    {
        lock (_gate)
        {
            DateTimeOffset moment = _time.GetUtcNow();
            if (_now.Find(person) is null)
            {
                return null;
            }

            ApiToken[] good = [.. _now.TokensOf(person).Where(t => t.IsGood(moment))];
            if (good.Length >= MaxTokensOfOne || good.Any(t => t.Name == name))
            {
                throw new AccessRefusedException(AccessRefusedException.Taken, $"token: wanted at most {MaxTokensOfOne} of one person, each with a name of its own, got {good.Length} and {name}");
            }

            (ApiToken token, string text) = Make(person, name, TokenPrefix, roles, moment, by, moment + life);
            Commit(new PeopleChange(null, [token]), new AccessDecision(moment, by, AccessDecisionKind.TokenCreated, person, $"{token.Id} ({name}), {string.Join(", ", RoleNames.NamesOf(roles))}, until {token.Expires:u}"));
            return (token, text);
        }
    }

    /// <summary>Takes a token back, at once.</summary>
    /// <returns>False when they have no such token that is not taken back yet.</returns>
    /// <exception cref="AccessRefusedException">No administrator would be left.</exception>
    public bool RevokeToken(string person, string id, string by)
    {
        lock (_gate)
        {
            if (_now.TokensOf(person).FirstOrDefault(t => t.Id == id && t.Revoked is null) is not { } token)
            {
                return false;
            }

            DateTimeOffset moment = _time.GetUtcNow();
            Commit(new PeopleChange(null, [token with { Revoked = moment }]), new AccessDecision(moment, by, AccessDecisionKind.TokenRevoked, person, $"{id} ({token.Name})"));
            return true;
        }
    }

    private static ImmutableArray<Grant> Narrow(Person person, Role roles) => [.. person.Grants.Where(g => roles.HasFlag(g.Role))];

    private static Sha256Digest DigestOf(string token) => Sha256Digest.Of(Encoding.UTF8.GetBytes(token));

    private static (ApiToken Token, string Text) Make(string person, string name, string prefix, Role roles, DateTimeOffset moment, string by, DateTimeOffset? expires)
    {
        string text = prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenSize));
        Sha256Digest digest = DigestOf(text);
        return (new ApiToken(digest.ToString()[..IdLength], person, name, digest) { Roles = roles, Created = moment, CreatedBy = by, Expires = expires }, text);
    }

    private static string Describe(Person person) => $"{DescribeGrants(person)}{string.Concat(person.Identities.Select(static i => $"; {i.Kind.ToString().ToLowerInvariant()} {i.Value}"))}";

    private static string DescribeForLog(Person person) => $"{DescribeGrants(person)}; {person.Identities.Length} identities";

    private static string DescribeGrants(Person person) => person.Grants.IsEmpty ? "no role" : string.Join("; ", person.Grants.Select(Describe));

    private static string Describe(Grant grant) =>
        $"{RoleNames.NameOf(grant.Role)} of {(grant.Products is null ? "all products" : string.Join(", ", grant.Products))} at {(grant.Sites is null ? "all sites" : string.Join(", ", grant.Sites))}";

    private PeopleSnapshot Read()
    {
        PeopleNews news = _store.Load();
        _number = news.Number;
        return PeopleSnapshot.Of(news.People, news.Tokens);
    }

    /// <summary>The file before the digest: after a crash in between, the next start makes another pair.</summary>
    private void Bootstrap(string directory)
    {
        DateTimeOffset moment = _time.GetUtcNow();
        string file = Path.Combine(directory, BootstrapFile);
        (ApiToken token, string text) = Make(BootstrapPerson, BootstrapFile, "", Role.All, moment, "server", expires: null);
        DurableFile.ReplacePrivate(file, Encoding.ASCII.GetBytes(text));
        Person person = new(BootstrapPerson) { Grants = [.. RoleNames.Each.Select(static role => new Grant(role))], Created = moment };
        PeopleChange change = new(person, [token]);
        AccessDecision decision = new(moment, "server", AccessDecisionKind.PersonSet, BootstrapPerson, "no administrator had a credential");
        _number = _store.Save(_number, change, decision) ?? throw new StoreUnavailableException("another server changed people at this moment");
        _now = _now.With(person, change.Tokens);
        Log.BootstrapToken(_log, file);
    }

    private void Commit(PeopleChange change, AccessDecision decision)
    {
        PeopleSnapshot after = _now.With(change.Person, change.Tokens);
        if (!after.HasAdministrator(decision.At, _taken))
        {
            throw new AccessRefusedException(AccessRefusedException.LastAdministrator, $"{decision.About}: wanted an administrator over everything with a credential to be left, got none");
        }

        if (_store.Save(_number, change, decision) is not { } number)
        {
            // Another server decided something in between: whoever asks, asks again, of what holds now.
            _now = Read();
            throw new StoreUnavailableException("another server changed people at this moment");
        }

        _number = number;
        _now = after;
        Log.AccessDecided(_log, decision.Kind, decision.About, decision.By, decision.Detail);
    }
}

/// <summary>A change of people that is not possible; nothing was changed.</summary>
internal sealed class AccessRefusedException(string reason, string message) : Exception(message)
{
    public const string NoName = "ValueOutOfRange";
    public const string Taken = "AlreadyTaken";
    public const string LastAdministrator = nameof(LastAdministrator);

    /// <summary>Stable, for programs.</summary>
    public string Reason { get; } = reason;
}
