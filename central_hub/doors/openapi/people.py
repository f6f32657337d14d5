"""Operations of people (人员): signing in and out, one's own password and second factor, accounts and roles.

No password and no secret is ever answered but the one that was just made for who asks.
"""

from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct

from central_hub.desks.signing_in import SignedIn
from central_hub.doors.openapi.office import Office
from central_hub.doors.openapi.operations import Call, Name, Operation
from central_hub.people.roles import shipped_roles
from central_hub.store.office.accounts import PASSWORD_CHARACTERS_MAX, TITLE_CHARACTERS_MAX, Account
from inspection.evidence import Line

TAG = "人员 people"
MANAGE = ("account.manage",)
ROLES_MAX = 20
Password = Annotated[str, Meta(max_length=PASSWORD_CHARACTERS_MAX)]
Code = Annotated[str, Meta(max_length=40)]


class SignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Name and password; code: of the second factor, which may also be given after."""

    name: Name
    password: Password
    code: Code = ""


class CodeGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code of the authenticator app, or a recovery code."""

    code: Code


class Session(Struct, frozen=True, kw_only=True):
    """A session. token: to be given as Bearer. stage: "whole", or what is missing: "code", "enrol"."""

    token: str
    name: str
    stage: Literal["whole", "code", "enrol"]


class PasswordChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One's own password, and another one."""

    old: Password
    new: Password


class Enrolment(Struct, frozen=True, kw_only=True):
    """A secret for an authenticator app: base32, and as an otpauth address."""

    secret: str
    uri: str


class Enrolled(Struct, frozen=True, kw_only=True):
    """A second factor that was enrolled. session: goes on in place of the one before. recovery: shown this once."""

    session: Session
    recovery: tuple[str, ...]


class Myself(Struct, frozen=True, kw_only=True):
    """Who is signed in, and what they may do."""

    account: str
    person: str
    title: str
    station: str
    roles: tuple[str, ...]
    rights: tuple[str, ...]
    stage: Literal["whole", "code", "enrol"]


class AccountView(Struct, frozen=True, kw_only=True):
    """An account. plain: the password alone is enough, though a role asks for a second factor."""

    name: str
    title: str
    person: str
    roles: tuple[str, ...]
    station: str
    locked: bool
    plain: bool


class AccountAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account as it is to be. person: id of the human being, as inspections name them."""

    title: Annotated[str, Meta(max_length=TITLE_CHARACTERS_MAX)]
    person: Name
    roles: Annotated[tuple[Line, ...], Meta(max_length=ROLES_MAX)]
    station: Annotated[str, Meta(max_length=32)] = ""


class NewAccount(AccountAsked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new account."""

    name: Name
    password: Password


class NewPassword(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another password for an account."""

    password: Password


class RoleView(Struct, frozen=True, kw_only=True):
    """A role with its rights. second_factor: it takes a code besides the password."""

    code: str
    zh: str
    en: str
    rights: tuple[str, ...]
    needs_station: bool
    second_factor: bool


async def sign_in(office: Office, call: Call) -> Session:
    """Open a session."""
    asked: SignIn = call.body
    came = await office.entrance.sign_in(asked.name, asked.password, code=asked.code, address=call.address)
    return _session(came)


async def enter_code(office: Office, call: Call) -> Session:
    """Give the code that a sign-in waits for; the session is another one then."""
    asked: CodeGiven = call.body
    return _session(await office.entrance.enter_code(call.token, asked.code, address=call.address))


async def sign_out(office: Office, call: Call) -> None:
    """End the session."""
    await office.entrance.sign_out(call.token)


async def who_am_i(_office: Office, call: Call) -> Myself:
    """Return who is signed in."""
    actor = call.actor
    return Myself(
        account=actor.account,
        person=actor.person,
        title=call.title,
        station=actor.station,
        roles=tuple(sorted(actor.roles)),
        rights=tuple(sorted(shipped_roles().rights_of(actor.roles))),
        stage=call.stage,
    )


async def change_password(office: Office, call: Call) -> Session:
    """Change one's own password; every other session ends."""
    asked: PasswordChange = call.body
    came = await office.entrance.change_password(call.token, asked.old, new=asked.new, address=call.address)
    return _session(came)


async def begin_second_factor(office: Office, call: Call) -> Enrolment:
    """Make a secret for an authenticator app."""
    made = await office.entrance.begin_enrolment(call.token)
    return Enrolment(secret=made.secret, uri=made.uri)


async def confirm_second_factor(office: Office, call: Call) -> Enrolled:
    """Enrol the second factor with its first code."""
    asked: CodeGiven = call.body
    made = await office.entrance.confirm_enrolment(call.token, asked.code)
    return Enrolled(session=_session(made.signed_in), recovery=made.recovery)


async def list_roles(_office: Office, _call: Call) -> tuple[RoleView, ...]:
    """Return the roles."""
    return tuple(
        RoleView(
            code=role.code,
            zh=role.zh,
            en=role.en,
            rights=role.rights,
            needs_station=role.needs_station,
            second_factor=role.second_factor,
        )
        for role in shipped_roles().roles.values()
    )


async def list_accounts(office: Office, _call: Call) -> tuple[AccountView, ...]:
    """Return every account."""
    return tuple(map(_view, office.lookups.accounts()))


async def make_account(office: Office, call: Call) -> AccountView:
    """Make an account."""
    asked: NewAccount = call.body
    work = partial(office.engine.people.make, call.actor, _account(asked.name, asked), password=asked.password)
    return _view(await office.act(work))


async def change_account(office: Office, call: Call) -> AccountView:
    """Change title, person, roles and station of an account."""
    asked: AccountAsked = call.body
    return _view(
        await office.act(partial(office.engine.people.change, call.actor, _account(call.names["account"], asked)))
    )


async def lock_account(office: Office, call: Call) -> AccountView:
    """Lock an account."""
    return _view(await office.act(partial(office.engine.people.lock, call.actor, call.names["account"])))


async def unlock_account(office: Office, call: Call) -> AccountView:
    """Unlock an account; its failures are forgotten."""
    unlocked = await office.act(partial(office.engine.people.unlock, call.actor, call.names["account"]))
    office.entrance.forget_failures(unlocked.name)
    return _view(unlocked)


async def set_password(office: Office, call: Call) -> AccountView:
    """Give an account another password."""
    asked: NewPassword = call.body
    set_it = partial(office.engine.people.set_password, call.actor, call.names["account"])
    return _view(await office.act(partial(set_it, password=asked.password)))


async def reset_second_factor(office: Office, call: Call) -> AccountView:
    """Forget an account's second factor."""
    people = office.engine.people
    return _view(await office.act(partial(people.reset_second_factor, call.actor, call.names["account"])))


def _account(name: str, asked: AccountAsked) -> Account:
    roles = tuple(sorted(set(asked.roles)))
    return Account(name=name, title=asked.title, person=asked.person, roles=roles, station=asked.station)


def _session(came: SignedIn) -> Session:
    return Session(token=came.token, name=came.name, stage=came.stage)


def _view(account: Account) -> AccountView:
    return AccountView(
        name=account.name,
        title=account.title,
        person=account.person,
        roles=account.roles,
        station=account.station,
        locked=account.locked,
        plain=account.plain,
    )


PEOPLE = (
    Operation(method="POST", path="/sign-in", handler=sign_in, tag=TAG, zh="登录", en="sign in", access="public",
              body=SignIn, answer=Session, also=(401, 403, 429)),
    Operation(method="POST", path="/sign-in/code", handler=enter_code, tag=TAG, zh="输入动态验证码",
              en="give the code that a sign-in waits for", access="half", body=CodeGiven, answer=Session,
              also=(403, 429)),
    Operation(method="POST", path="/sign-out", handler=sign_out, tag=TAG, zh="退出", en="sign out", access="half"),
    Operation(method="GET", path="/me", handler=who_am_i, tag=TAG, zh="本人", en="who is signed in", access="half",
              answer=Myself),
    Operation(method="POST", path="/me/password", handler=change_password, tag=TAG, zh="更改本人密码",
              en="change one's own password", body=PasswordChange, answer=Session, also=(403, 429)),
    Operation(method="POST", path="/me/second-factor", handler=begin_second_factor, tag=TAG, zh="绑定第二因素",
              en="begin to enrol a second factor", access="half", answer=Enrolment),
    Operation(method="POST", path="/me/second-factor/code", handler=confirm_second_factor, tag=TAG,
              zh="确认第二因素", en="enrol the second factor by its first code", access="half", body=CodeGiven,
              answer=Enrolled),
    Operation(method="GET", path="/roles", handler=list_roles, tag=TAG, zh="岗位", en="list roles",
              answer=tuple[RoleView, ...]),
    Operation(method="GET", path="/accounts", handler=list_accounts, tag=TAG, zh="账号列表", en="list accounts",
              rights=MANAGE, answer=tuple[AccountView, ...]),
    Operation(method="POST", path="/accounts", handler=make_account, tag=TAG, zh="新建账号", en="make an account",
              rights=MANAGE, body=NewAccount, answer=AccountView),
    Operation(method="PUT", path="/accounts/{account}", handler=change_account, tag=TAG, zh="更改账号",
              en="change an account", rights=MANAGE, body=AccountAsked, answer=AccountView),
    Operation(method="POST", path="/accounts/{account}/lock", handler=lock_account, tag=TAG, zh="锁定账号",
              en="lock an account", rights=MANAGE, answer=AccountView),
    Operation(method="POST", path="/accounts/{account}/unlock", handler=unlock_account, tag=TAG, zh="解锁账号",
              en="unlock an account", rights=MANAGE, answer=AccountView),
    Operation(method="PUT", path="/accounts/{account}/password", handler=set_password, tag=TAG, zh="重设密码",
              en="give an account another password", rights=MANAGE, body=NewPassword, answer=AccountView),
    Operation(method="DELETE", path="/accounts/{account}/second-factor", handler=reset_second_factor, tag=TAG,
              zh="重置第二因素", en="forget an account's second factor", rights=MANAGE, answer=AccountView),
)  # fmt: skip
