from local_cloud.kit import http
from local_cloud.kit.http import ApiRequest, ApiResponse, Router


def answered(router, path, method="GET"):
    found = router.handle(ApiRequest(method, path))
    return found and found.body


def test_a_path_that_came_before_is_answered_as_it_was_then():
    router = Router()
    router.add("GET", "/things/{name}", lambda _, values: ApiResponse.of(values.pop("name")))

    assert answered(router, "/things/a%20b") == answered(router, "/things/a%20b") == b'"a b"'
    assert answered(router, "/things/a%20b", "PUT") is None


def test_a_route_that_is_added_later_is_found():
    router, other = Router(), Router()
    other.add("*", "/more", lambda *_: ApiResponse.of(2))
    assert answered(router, "/one") is None
    assert answered(router, "/more") is None

    router.add("GET", "/one", lambda *_: ApiResponse.of(1))
    router.include(other)

    assert answered(router, "/one") == b"1"
    assert answered(router, "/more") == b"2"


def test_only_so_many_paths_are_remembered():
    router = Router()

    for number in range(2 * http.FOUND_MAX):
        assert answered(router, f"/{number}") is None

    assert len(router._found) <= http.FOUND_MAX
